/** An observer whose protocol is one for tests, and which notes what it is told. */
import type { ModelCallEnd, ModelCallStart } from '../../src/llm/model-call.ts';
import { observed } from '../../src/wire/observe-fetch.ts';
import { createObserver, type Observer } from '../../src/wire/observer.ts';
import type { ModelCallOptions } from '../../src/wire/options.ts';
import type { Recognised, ReplyReader } from '../../src/wire/protocol.ts';
import type { WireParts } from '../../src/wire/watch.ts';

export interface NotedCall {
  readonly start: ModelCallStart;
  readonly spans: boolean;
  /** `running` until it ends. */
  outcome: 'running' | 'succeeded' | 'failed' | 'cancelled';
  error?: unknown;
  end?: ModelCallEnd;
  firstChunks: number;
  ends: number;
  /** What the reader was given. */
  text: string;
}

export interface FakeWire {
  readonly parts: WireParts;
  readonly calls: NotedCall[];
  readonly unrecognised: string[];
  /** What `reserve` gives. */
  reserve: () => PromiseLike<void> | undefined;
  observer(options?: ModelCallOptions): Observer;
  wrap<F extends (...args: never[]) => unknown>(base: F, options?: ModelCallOptions): F;
}

/** The one call that was noted. */
export function onlyCall({ calls }: FakeWire): NotedCall {
  const [call, ...more] = calls;
  if (call === undefined || more.length > 0) throw new Error(`there are ${calls.length} calls`);
  return call;
}

/** Recognises `/v1/chat`. A reply ends with the line `END`; one with `ERROR` has an error; JSON is complete at its end. */
export function fakeWire(): FakeWire {
  const calls: NotedCall[] = [];
  const unrecognised: string[] = [];
  const wire: FakeWire = {
    calls,
    unrecognised,
    reserve: () => undefined,
    parts: {
      recognise: (request) =>
        request.url.pathname === '/v1/chat' ? recognised(request.body, () => calls.at(-1)) : undefined,
      begin(start, { spans = true }) {
        const call: NotedCall = { start, spans, outcome: 'running', firstChunks: 0, ends: 0, text: '' };
        calls.push(call);
        const end = (outcome: NotedCall['outcome'], facts: ModelCallEnd, error?: unknown) => {
          call.ends += 1;
          Object.assign(call, { outcome, end: facts, error });
        };
        return {
          reserve: () => wire.reserve(),
          run: (work) => work(),
          firstChunk() {
            call.firstChunks += 1;
          },
          succeeded: (facts) => end('succeeded', facts),
          failed: (error, facts) => end('failed', facts, error),
          cancelled: (error, facts) => end('cancelled', facts, error),
        };
      },
      unrecognised: (provider) => {
        unrecognised.push(provider);
      },
    },
    observer: (options = {}) => createObserver(options, wire.parts),
    wrap: (base, options) => observed(base, wire.observer(options)),
  };
  return wire;
}

function recognised(body: string | undefined, call: () => NotedCall | undefined): Recognised {
  const said = body === undefined ? {} : (JSON.parse(body) as { model?: string; stream?: boolean });
  return {
    facts: {
      protocol: 'fake',
      operation: 'chat',
      model: said.model,
      streams: said.stream,
      maxOutputTokens: undefined,
      temperature: undefined,
      topP: undefined,
      choices: undefined,
      serviceTier: undefined,
      asksForUsage: undefined,
    },
    inputMessages: () => undefined,
    reader: () => fakeReader(call()),
  };
}

function fakeReader(call: NotedCall | undefined): ReplyReader {
  let text = '';
  let isJson = false;
  let hasEnded = false;
  const decoder = new TextDecoder();
  const add = (more: string) => {
    text += more;
    if (call !== undefined) call.text += more;
  };
  return {
    chunk: (bytes) => add(decoder.decode(bytes, { stream: true })),
    text(body) {
      add(body);
      hasEnded = true;
    },
    parsed(body) {
      add(JSON.stringify(body));
      hasEnded = true;
    },
    ended() {
      isJson = text.startsWith('{');
      hasEnded = true;
    },
    get isComplete() {
      return text.includes('END') || (hasEnded && (isJson || text.startsWith('{')));
    },
    get error() {
      return text.includes('ERROR') ? new Error('told in the reply') : undefined;
    },
    get hasAnswer() {
      return text !== '';
    },
    facts: () => ({
      model: 'answering-model',
      id: undefined,
      finishReasons: [],
      usage: { inputTokens: 1, outputTokens: text.length },
      metering: text.includes('END') || hasEnded ? 'exact' : 'partial',
      statedDollars: undefined,
      serviceTier: undefined,
    }),
  };
}

export const MODEL_URL = 'https://api.openai.com/v1/chat';
export const REQUEST = { method: 'POST', body: '{"model":"m","stream":true}' };

/** A response whose body gives these chunks and then ends; `hold`: it does not end. `onCancel` is told of a cancellation. */
export function streamOf(
  chunks: readonly (Uint8Array | string)[],
  { bytes = true, hold = false, onCancel = (_: unknown) => {}, fail = undefined as unknown } = {},
): Response {
  const rest = [...chunks];
  const source = {
    pull(controller: { enqueue(chunk: unknown): void; close(): void; error(error: unknown): void }) {
      const next = rest.shift();
      if (next !== undefined)
        controller.enqueue(bytes && typeof next === 'string' ? new TextEncoder().encode(next) : next);
      else if (fail !== undefined) controller.error(fail);
      else if (hold) return new Promise<void>(() => {});
      else controller.close();
      return undefined;
    },
    cancel: onCancel,
  };
  const stream = bytes
    ? new ReadableStream({ ...source, type: 'bytes' } as UnderlyingByteSource, { highWaterMark: 0 })
    : new ReadableStream(source as UnderlyingDefaultSource, { highWaterMark: 0 });
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>, {
    headers: { 'content-type': 'text/event-stream' },
  });
}

export async function readAll(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>)
    text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Collects garbage until `done`, for at most a while. */
export async function collectUntil(done: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !done(); i += 1) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
