/** Sends the request of a model call, and observes it until its reply has been read. */

import { isPromise } from '../core/until-cancelled.ts';
import type { ModelCallStart } from '../llm/model-call.ts';
import { uncounted } from '../llm/uncounted.ts';
import { readProperty } from '../platform/read-property.ts';
import { type Asking, askingForUsage } from './ask-for-usage.ts';
import { createUsageFilter } from './include-usage.ts';
import type { OpenCall } from './open-call.ts';
import { ReadReply } from './read-reply.ts';
import type { Seen, SeenCall } from './seen.ts';
import { tapReply } from './tap.ts';
import type { Watch } from './watch.ts';
import { bytesOf, type FetchArguments, headerOf, signalOf } from './wire-request.ts';

export type Send = (args: FetchArguments) => unknown;

/** A server has refused a request by its status. Only telemetry sees it. */
class RefusedError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the server answered with status ${status}`);
    // What the conventions for HTTP have in `error.type`.
    this.name = String(status);
    this.status = status;
  }
}

const IN_CHUNKS = /event-?stream|ndjson|jsonl|json-seq/i;

/** Sends the request as `send` does, also where it answers or throws in the same tick. */
export function sendObserved(send: Send, args: FetchArguments, seen: SeenCall, watch: Watch): unknown {
  const begun = watch.begin(() => startOf(args, seen, watch), signalOf(args));
  if (begun === undefined) return send(args);
  const { call, open } = begun;
  const asking =
    watch.options.includeUsage === true ? watch.guarded(() => askingForUsage(args, seen, watch)) : undefined;
  const answered = (response: unknown) => {
    if (!open.guarded(() => observeReply(response, open, asking ?? seen, watch))) open.succeeded();
    return response;
  };
  const broken = (error: unknown): never => {
    open.broken(error);
    throw error;
  };
  const run = () => {
    let reply: unknown;
    try {
      // An observer below, also one of another copy of this package, does not count the call again.
      reply = call.run(() => uncounted(() => send(asking?.args ?? args)));
    } catch (error) {
      return broken(error);
    }
    return isPromise(reply) ? reply.then(answered, broken) : answered(reply);
  };
  // A budget refuses: nothing is sent.
  return call.reserve()?.then(run, broken) ?? run();
}

function startOf(args: FetchArguments, { request, host, recognised }: SeenCall, { options }: Watch): ModelCallStart {
  const { model, operation, maxOutputTokens, choices, temperature, topP, streams } = recognised.facts;
  const { hostname, port } = request.url;
  const resent = Number(request.header('x-stainless-retry-count'));
  // No spread: an object of this size with one becomes a table of its own in V8, ten times as large.
  return {
    model,
    operation,
    maxOutputTokens,
    choices,
    temperature,
    topP,
    provider: host.provider,
    streams: streams === true,
    requestBytes: bytesOf(args),
    serverAddress: hostname,
    serverPort: port === '' ? undefined : Number(port),
    inputMessages: recognised.inputMessages(options),
    resendCount: Number.isInteger(resent) && resent > 0 ? resent : undefined,
  };
}

function observeReply(
  response: unknown,
  open: OpenCall,
  { host, recognised, args }: SeenCall & Partial<Asking>,
  { options }: Watch,
): void {
  const status = statusOf(response);
  if (status >= 400) {
    open.failed(new RefusedError(status));
    return;
  }
  const headers = readProperty(response, 'headers');
  const { believesCost } = host;
  const costHeader = believesCost ? headerOf(headers, 'x-litellm-response-cost') : undefined;
  const reply = new ReadReply({
    call: open,
    streams: recognised.facts.streams ?? IN_CHUNKS.test(headerOf(headers, 'content-type') ?? ''),
    makeReader: () => recognised.reader({ believesCost, costHeader }, options),
    makeFilter: args !== undefined ? createUsageFilter : undefined,
  });
  if (typeof response !== 'object' || response === null || !tapReply(response, reply)) open.succeeded();
}

/** A mock may have no status: it has not refused. */
function statusOf(response: unknown): number {
  const status = readProperty(response, 'status');
  return typeof status === 'number' ? status : 200;
}

/** Sends a request that no protocol recognises. It is counted if the provider has answered it. */
export function sendUnrecognised(send: Send, args: FetchArguments, { host }: Seen, watch: Watch): unknown {
  const count = (response: unknown) => {
    if (statusOf(response) < 400) watch.unrecognised(host.provider);
    return response;
  };
  const reply = uncounted(() => send(args));
  return isPromise(reply) ? reply.then(count) : count(reply);
}
