import { fail } from '../core/check.ts';
import { isUncounted, uncounted } from '../llm/uncounted.ts';
import { readProperty } from '../platform/read-property.ts';
import { BEDROCK, converseStart, hearConverse, hearEvent, hearReply } from './converse.ts';
import { tellNoMore } from './dropped.ts';
import { listenTo } from './events.ts';
import { at } from './foreign.ts';
import type { ReplyHeard } from './heard.ts';
import type { CallReader, OpenCall } from './open-call.ts';
import { checkModelCallOptions, type ModelCallOptions } from './options.ts';
import { WIRE } from './parts.ts';
import { withProcessOptions } from './process-options.ts';
import { cutOff } from './read-reply.ts';
import { createWatch, type Watch } from './watch.ts';

/** What is used of a client of the AWS SDK for JavaScript, version 3. */
export interface BedrockClient {
  readonly middlewareStack: { add(middleware: never, options: never): void };
}

interface Sent {
  readonly input: unknown;
  readonly request: unknown;
}
type Send = (sent: Sent) => Promise<{ readonly output: unknown }>;

/** Its other operations cost nothing by themselves. */
const BILLED: readonly unknown[] = [
  'InvokeModel',
  'InvokeModelWithResponseStream',
  'InvokeModelWithBidirectionalStream',
  'StartAsyncInvoke',
];

/**
 * Counts the model calls of a `BedrockRuntimeClient`, which does not use `fetch`: `Converse` and `ConverseStream` with tokens
 * and dollars, each attempt as one call, and `InvokeModel` as a request of unknown usage. Returns the client.
 *
 * @throws TypeError when it is no client of the AWS SDK, or when an option is wrong
 * @example
 * const client = observeBedrock(bedrock); // const bedrock = new BedrockRuntimeClient({ region: 'us-east-1' })
 */
export function observeBedrock<Client extends BedrockClient>(client: Client, options: ModelCallOptions = {}): Client {
  checkModelCallOptions(options);
  const stack = readProperty(client, 'middlewareStack');
  if (typeof readProperty(stack, 'add') !== 'function') {
    fail('observeBedrock', 'client', 'must be a client of the AWS SDK, such as new BedrockRuntimeClient({})', client);
  }
  if (options.mode === 'off') return client;
  const watch = createWatch(withProcessOptions(options), WIRE);
  const middleware = (send: Send, context: unknown) => (sent: Sent) =>
    sendCommand(send, sent, operationOf(context), watch);
  // Inside of the client's own retries, and after its signature.
  client.middlewareStack.add(
    middleware as never,
    { step: 'finalizeRequest', priority: 'low', name: 'ttaObserver', override: true } as never,
  );
  return client;
}

function operationOf(context: unknown): unknown {
  const name = readProperty(context, 'commandName');
  return (
    at(context, '__smithy_context', 'operation') ??
    (typeof name === 'string' ? name.replace(/Command$/, '') : undefined)
  );
}

async function sendCommand(send: Send, sent: Sent, operation: unknown, watch: Watch): ReturnType<Send> {
  if (!watch.isOn || isUncounted()) return send(sent);
  if (BILLED.includes(operation)) {
    const result = await uncounted(() => send(sent));
    watch.unrecognised(BEDROCK);
    return result;
  }
  const streams = operation === 'ConverseStream';
  const begun =
    streams || operation === 'Converse'
      ? watch.begin(() => converseStart(sent, streams, watch.options), undefined)
      : undefined;
  if (begun === undefined) return send(sent);
  const { call, open } = begun;
  try {
    await call.reserve();
    // The client may be told to use `fetch`: it counts nothing then.
    const result = await call.run(() => uncounted(() => send(sent)));
    if (!open.guarded(() => observeOutput(result.output, open, hearConverse(sent.input, watch.options), streams)))
      open.succeeded();
    return result;
  } catch (error) {
    open.broken(error);
    throw error;
  }
}

function observeOutput(output: unknown, open: OpenCall, heard: ReplyHeard, streams: boolean): void {
  const reader: CallReader = {
    get error() {
      return heard.error;
    },
    facts: () => heard.facts(streams),
  };
  if (!streams) {
    hearReply(output, heard);
    open.succeeded(reader);
    return;
  }
  const stream = readProperty(output, 'stream') as AsyncIterable<unknown>;
  open.readBy(reader);
  let hasEvent = false;
  const sink = {
    event(event: unknown) {
      if (open.hasEnded) return;
      if (!hasEvent) open.firstChunk();
      hasEvent = true;
      open.guarded(() => hearEvent(event, heard));
      if (heard.isDone) finish(() => open.succeeded(reader));
    },
    ended: () => finish(() => open.failed(cutOff(), reader)),
    left: () => finish(() => open.left(reader)),
    broken: (error: unknown) => finish(() => open.broken(error, reader)),
  };
  const finish = (end: () => void) => {
    tellNoMore(sink);
    end();
  };
  listenTo(stream, sink);
}
