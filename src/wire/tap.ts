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
  // A mock may give one response twice.
  if (Tapped.tapOf(response) !== undefined) return false;
  // By the response's own class: the one of npm's undici is not the global one.
  const bodyOf = memberOf(response, 'body');
  const first = bodyOf?.();
  if (first !== null && !isStream(first)) return false;
  if (first === null) {
    sink.ended();
    return true;
  }
  try {
    Object.defineProperties(response, membersFor(response));
    new Tapped(response, new Tap(response, bodyOf as () => Body, sink));
  } catch {
    return false;
  }
  // A body keeps its response: the sink is told when neither of them can be reached.
  tellWhenDropped(response, sink);
  return true;
}

/** One response, and the stream that its client reads. */
class Tap {
  readonly sink: ReplySink;
  /** Asked for each time: the original `clone` replaces it. */
  readonly #source: () => Body;
  readonly #response: object;
  #lazy: Body | undefined;
  /** The original that our stream takes from. */
  #behind: Body | undefined;
  #taken: ReadableStreamDefaultReader<unknown> | undefined;

  constructor(response: object, source: () => Body, sink: ReplySink) {
    this.#response = response;
    this.#source = source;
    this.sink = sink;
  }

  get body(): Body {
    const original = this.#source();
    if (this.#lazy === undefined && original.locked) return original;
    if (this.#lazy === undefined) {
      this.#lazy = lazyBody(original, () => this.#take(), this.sink);
      this.#behind = original;
    }
    return this.#lazy;
  }

  /** Whether the original can be read as a whole. What has locked our stream locks it too: it refuses in its own words. */
  isWhole(): boolean {
    if (this.#lazy?.locked && !this.#source().locked) this.#take();
    return !this.#source().locked && (this.#response as Response).bodyUsed !== true;
  }

  /** What has read the original has locked it. So is our stream, which the client may have seen. */
  lock(): void {
    if (this.#behind?.locked && this.#lazy?.locked === false) this.#lazy.getReader();
  }

  /** The response has another body from now on. */
  cloned(): void {
    this.lock();
    if (this.#behind !== this.#source()) this.#lazy = undefined;
  }

  #take(): ReadableStreamDefaultReader<unknown> {
    this.#taken ??= this.#source().getReader();
    return this.#taken;
  }
}

/** Puts the tap into a private field of the response itself: nobody sees it, and there is no table of responses. */
class Tapped extends class {
  constructor(itself: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the fields of the class below become fields of this object
    return itself;
  }
} {
  readonly #tap: Tap;

  constructor(response: object, tap: Tap) {
    super(response);
    this.#tap = tap;
  }

  static tapOf(response: unknown): Tap | undefined {
    return typeof response === 'object' && response !== null && #tap in response ? response.#tap : undefined;
  }
}

/** By the prototype of the responses: to make the members for each response would cost more than all else here. */
const membersOfClass = new WeakMap<object, PropertyDescriptorMap>();

/** What a response has in the place of its own members. No listing of the response shows them. */
function membersFor(response: object): PropertyDescriptorMap {
  const methods = response as Methods;
  // A mock has methods of its own.
  if (NAMES.some((name) => Object.hasOwn(response, name))) {
    return makeMembers(Object.fromEntries(NAMES.map((name) => [name, methods[name]])));
  }
  const prototype: Methods = Object.getPrototypeOf(response) ?? {};
  const known = membersOfClass.get(prototype) ?? makeMembers(prototype);
  membersOfClass.set(prototype, known);
  return known;
}

type Methods = Readonly<Record<string, unknown>>;

function makeMembers(originals: Methods): PropertyDescriptorMap {
  const members: PropertyDescriptorMap = {
    body: {
      configurable: true,
      get() {
        return Tapped.tapOf(this)?.body ?? Reflect.get(originals, 'body', this);
      },
    },
  };
  for (const [name, read] of Object.entries(METHODS)) {
    if (typeof originals[name] !== 'function') continue;
    const method = {
      [name](this: object, ...args: unknown[]) {
        const call = () => Reflect.apply(originals[name] as Method, this, args);
        const tap = Tapped.tapOf(this);
        return tap === undefined ? call() : read(tap, call);
      },
    };
    members[name] = { configurable: true, writable: true, value: method[name] };
  }
  return members;
}

/** A method that reads the whole body. `tell` tells the sink what was read, and returns what the client gets. */
function reading<Value>(tell: (sink: ReplySink, value: Value) => unknown) {
  return (tap: Tap, call: () => unknown): unknown => {
    if (!tap.isWhole()) return call();
    const { sink } = tap;
    // It reads to the end, also where the response is dropped meanwhile.
    tellNoMore(sink);
    const value = call();
    tap.lock();
    return isPromise(value)
      ? value.then((read) => tell(sink, read as Value), tellBroken(sink))
      : tell(sink, value as Value);
  };
}

function tellBroken(sink: ReplySink): (error: unknown) => never {
  return (error) => {
    sink.broken(error);
    throw error;
  };
}

const METHODS: Readonly<Record<string, (tap: Tap, call: () => unknown) => unknown>> = {
  json: reading((sink, value) => {
    sink.parsed(value);
    return value;
  }),
  text: reading((sink, value: string) => sink.text(value)),
  arrayBuffer: reading((sink, value: ArrayBuffer) => {
    const given = new Uint8Array(value);
    const shown = wholeBody(sink, given);
    return shown === given ? value : shown.buffer;
  }),
  bytes: reading(wholeBody),
  blob: reading(async (sink, value: Blob) => {
    const given = new Uint8Array(await value.arrayBuffer());
    const shown = wholeBody(sink, given);
    // By its own class: a test environment may have another one.
    const Given = value.constructor as typeof Blob;
    return shown === given ? value : new Given([own(shown)], { type: value.type });
  }),
  formData: reading((sink, value) => {
    sink.ended();
    return value;
  }),
  clone(tap, call) {
    tap.isWhole();
    const copy = call();
    tap.cloned();
    if (typeof copy === 'object' && copy !== null) tapReply(copy, tap.sink.copy());
    return copy;
  },
};
const NAMES = Object.keys(METHODS);

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
