/** Asks a stream for its usage, where the client does not ask. */
import { isPlain } from '../core/show.ts';
import { withUsageAsked } from './include-usage.ts';
import type { SeenCall } from './seen.ts';
import type { Watch } from './watch.ts';
import { type FetchArguments, isRequest } from './wire-request.ts';

/** A request that asks for the usage for the observer alone. */
export interface Asking extends SeenCall {
  readonly args: FetchArguments;
}

/** `undefined`: the request asks by itself, or it must not be changed. */
export function askingForUsage(args: FetchArguments, seen: SeenCall, watch: Watch): Asking | undefined {
  const { request, host, recognised } = seen;
  const [input, init, ...more] = args;
  const { streams, asksForUsage } = recognised.facts;
  if (streams !== true || asksForUsage !== false || isRequest(input) || !isPlain(init)) return undefined;
  const { body } = init;
  // The length or the signature would be wrong.
  const isFixed =
    request.header('content-length') !== undefined ||
    request.header('x-amz-date') !== undefined ||
    request.header('authorization')?.startsWith('AWS4-') === true;
  const asking = typeof body !== 'string' || isFixed ? undefined : withUsageAsked(body);
  const found = asking === undefined ? undefined : watch.recognise({ ...request, body: asking }, host);
  return found && { ...seen, recognised: found, args: [input, { ...init, body: asking }, ...more] };
}
