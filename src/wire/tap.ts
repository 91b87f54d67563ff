/**
 * Reads a reply along with its client. The response stays the very object that `fetch` gave: its `body` becomes a stream
 * that takes from the original one only when the client reads, and its reading methods tell what they have read. Nothing is
 * read that the client does not read, nothing is kept, and the end, an error and a cancellation pass both ways.
 */
import { ReadableStream, type ReadableStreamDefaultReader } from 'node:stream/web';
import { TextEncoder } from 'node:util';
import { isPromise } from '../core/until-cancelled.ts';
import { type Leavable, tellNoMore, tellWhenDropped } from './dropped.ts';
import { isByteStream, isStream, memberOf } from './response-members.ts';

/** What is told of a reply. No method throws. What a method returns is what the client gets. */
export interface ReplySink extends Leavable {
  /** Bytes that the client is about to get, and that are gone afterwards. */
  chunk(bytes: Uint8Array): Uint8Array;
  /** The whole body as a text. */
  text(body: string): string;
  /** The whole body, as the client has parsed it. */
  parsed(body: unknown): void;
  /** The body has ended. Returns bytes that were held back. */
  ended(): Uint8Array | undefined;
  /** The body ends with an error. */
  broken(error: unknown): void;
  /** A sink for a copy of the reply. */
  copy(): ReplySink;
}

type Body = ReadableStream<unknown>;
type Method = (this: unknown, ...args: unknown[]) => unknown;

// Of node:util, because jest takes the global one away beside jsdom.
const encoder = new TextEncoder();

/**
 * Tells `sink` what the client reads of the response. Returns `false`, and changes nothing, where the response cannot be
 * changed (it is frozen) or its body is no web stream (a mock, a response of node-fetch).
 */
export function tapReply(response: object, sink: ReplySink): boolean {
  // By the response's own class: the one of npm's undici is not the global one.
  const bodyOf = memberOf(response, 'body');
  const first = bodyOf?.();
  if (first !== null && !isStream(first)) return false;
  if (first === null) {
    sink.ended();
    return true;
  }
  // Asked for each time: the original `clone` replaces it.
  const source = bodyOf as () => Body;
  let lazy: Body | undefined;
  let behind: Body | undefined;
  let taken: ReadableStreamDefaultReader<unknown> | undefined;
  const take = () => {
    taken ??= source().getReader();
    return taken;
  };
  /** Whether the original can be read as a whole. What has locked our stream locks it too: it refuses in its own words. */
  const isWhole = () => {
    if (lazy?.locked && !source().locked) take();
    return !source().locked && (response as Response).bodyUsed !== true;
  };
  /** What has read the original has locked it. So is our stream, which the client may have seen. */
  const lock = () => {
    if (behind?.locked && lazy?.locked === false) lazy.getReader();
  };

  // No listing of the response shows them.
  const members: PropertyDescriptorMap = {
    body: {
      configurable: true,
      get() {
        const original = source();
        if (lazy === undefined && original.locked) return original;
        if (lazy === undefined) {
          lazy = lazyBody(original, take, sink);
          behind = original;
        }
        return lazy;
      },
    },
  };
  const observe = (name: string, call: (original: Method, args: unknown[]) => unknown) => {
    const original = (response as Record<string, unknown>)[name];
    if (typeof original !== 'function') return;
    const observed = {
      [name](this: unknown, ...args: unknown[]) {
        return this === response ? call(original as Method, args) : Reflect.apply(original, this, args);
      },
    };
    members[name] = { configurable: true, writable: true, value: observed[name] };
  };
  for (const [name, tell] of READING_METHODS) {
    observe(name, (original, args) => {
      if (!isWhole()) return Reflect.apply(original, response, args);
      // It reads to the end, also where the response is dropped meanwhile.
      tellNoMore(sink);
      const reading = Reflect.apply(original, response, args);
      lock();
      if (!isPromise(reading)) return tell(sink, reading as never);
      return reading.then((value) => tell(sink, value as never), tellBroken(sink));
    });
  }
  observe('clone', (original, args) => {
    isWhole();
    const copy = Reflect.apply(original, response, args);
    lock();
    // The response has another body from now on.
    if (behind !== source()) lazy = undefined;
    if (typeof copy === 'object' && copy !== null) tapReply(copy, sink.copy());
    return copy;
  });

  try {
    Object.defineProperties(response, members);
  } catch {
    return false;
  }
  // A body keeps its response: the sink is told when neither of them can be reached.
  tellWhenDropped(response, sink);
  return true;
}

function tellBroken(sink: ReplySink): (error: unknown) => never {
  return (error) => {
    sink.broken(error);
    throw error;
  };
}

/** By name of the method: tells the sink what was read, and returns what the client gets. */
const READING_METHODS: readonly (readonly [name: string, tell: (sink: ReplySink, value: never) => unknown])[] = [
  [
    'json',
    (sink, value: unknown) => {
      sink.parsed(value);
      return value;
    },
  ],
  ['text', (sink, value: string) => sink.text(value)],
  [
    'arrayBuffer',
    (sink, value: ArrayBuffer) => {
      const given = new Uint8Array(value);
      const shown = wholeBody(sink, given);
      return shown === given ? value : shown.buffer;
    },
  ],
  ['bytes', wholeBody],
  [
    'blob',
    async (sink, value: Blob) => {
      const given = new Uint8Array(await value.arrayBuffer());
      const shown = wholeBody(sink, given);
      // By its own class: a test environment may have another one.
      const Given = value.constructor as typeof Blob;
      return shown === given ? value : new Given([own(shown)], { type: value.type });
    },
  ],
  [
    'formData',
    (sink, value: unknown) => {
      sink.ended();
      return value;
    },
  ],
];

function wholeBody(sink: ReplySink, bytes: Uint8Array): Uint8Array {
  const shown = sink.chunk(bytes);
  const rest = sink.ended();
  if (shown === bytes && rest === undefined) return bytes;
  return own(Buffer.concat([shown, rest ?? new Uint8Array()]));
}

type Controller = Pick<ReadableStreamDefaultController, 'enqueue' | 'close' | 'error'> &
  Partial<Pick<ReadableByteStreamController, 'byobRequest'>>;

function lazyBody(original: Body, take: () => ReadableStreamDefaultReader<unknown>, sink: ReplySink): Body {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  const begin = (controller: Controller) => {
    const begun = take();
    tellOfAbort(begun, controller, sink);
    return begun;
  };
  const hand = async (controller: Controller): Promise<void> => {
    reader ??= begin(controller);
    const { done, value } = await reader.read();
    if (!done) {
      const shown = passed(value, sink);
      // Nothing is shown of this chunk. The client waits for the next one: a stream of bytes takes no empty chunk.
      if (shown !== value && (shown as Uint8Array).length === 0) return hand(controller);
      controller.enqueue(shown === value ? shown : own(shown as Uint8Array));
      return;
    }
    const rest = sink.ended();
    if (rest !== undefined && rest.length > 0) controller.enqueue(own(rest));
    controller.close();
    // A reader with a buffer of its own waits for an answer at the end too.
    controller.byobRequest?.respond(0);
  };
  const source = {
    pull: (controller: Controller) => hand(controller).catch(tellBroken(sink)),
    cancel(reason: unknown) {
      sink.left();
      return take().cancel(reason);
    },
  };
  // What is put into a stream of bytes is transferred to it: only the chunks of another such stream are its own.
  return isByteStream(original)
    ? new ReadableStream({ ...source, type: 'bytes' } as never, { highWaterMark: 0 })
    : new ReadableStream(source, { highWaterMark: 0 });
}

/** An abort is seen also where the client reads no further. The original must not keep our stream, which may be dropped. */
function tellOfAbort(reader: ReadableStreamDefaultReader<unknown>, controller: Controller, sink: ReplySink): void {
  const stream = new WeakRef(controller);
  reader.closed?.catch((error) => {
    sink.broken(error);
    stream.deref()?.error(error);
  });
}

/** A copy in memory of its own: the memory of small buffers is shared, and must not be transferred. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** What the client gets instead of a chunk. Mocks put texts into their bodies, which pass unchanged, as anything else does. */
function passed(value: unknown, sink: ReplySink): unknown {
  if (value instanceof Uint8Array) return sink.chunk(value);
  if (typeof value === 'string') sink.chunk(encoder.encode(value));
  return value;
}
