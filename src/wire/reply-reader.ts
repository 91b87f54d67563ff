/** Reads a reply of any protocol as it passes: events, lines of JSON, a list in JSON, or one body. */

import type { ModelCallEnd } from '../llm/model-call.ts';
import { createEventStream } from './event-stream.ts';
import { at, entriesOf, isList } from './foreign.ts';
import type { ReplyHeard } from './heard.ts';
import { createEventLines } from './lines.ts';
import { parseOr, stringEnd } from './pick.ts';
import type { ReplyReader } from './protocol.ts';
import { createPruner, type Pruner, type Wanted } from './prune.ts';
import type { ReplyProtocol } from './reply-protocol.ts';

export interface ReaderOptions {
  readonly protocol: ReplyProtocol;
  readonly heard: ReplyHeard;
  /** Whether the request asks for a stream. */
  readonly streams: boolean | undefined;
  /** Whether the request asks for usage at the end of the stream: without it the stream is not whole. */
  readonly asksForUsage: boolean;
  /** Whether all texts of the answer are kept. */
  readonly keepsText: boolean;
}

/** The bytes of a body, in one of its forms. */
interface Form {
  chunk(bytes: Uint8Array): void;
  ended(): void;
}

/** The model's name is in the first events; in some protocols it is nowhere. */
const FIRST_EVENTS = 4;
/** A text is read in parts of this size, in characters: a copy of it as bytes is as large as it is. */
const TEXT_PART = 65_536;
/** A chunk of JSON that is larger is read as it comes, in bytes. */
const PARSED_AT_ONCE = 65_536;
const [OPEN_LIST, OPEN] = [0x5b, 0x7b] as const;

/** One reply as it is read. */
export class BodyReader implements ReplyReader {
  readonly #options: ReaderOptions;
  #form: Form | undefined;
  #inChunks = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  get isComplete(): boolean {
    return this.#options.heard.isDone;
  }

  get error(): Error | undefined {
    return this.#options.heard.error;
  }

  get hasAnswer(): boolean {
    return this.#options.heard.hasAnswer;
  }

  chunk(bytes: Uint8Array): void {
    this.#form ??= this.#formOf(bytes);
    this.#form?.chunk(bytes);
  }

  text(body: string): void {
    for (let from = 0; from < body.length; ) {
      let to = Math.min(from + TEXT_PART, body.length);
      // The two halves of a character stay together.
      if (to < body.length && /[\uD800-\uDBFF]/.test(body[to - 1] as string)) to += 1;
      this.chunk(Buffer.from(body.slice(from, to)));
      from = to;
    }
    this.ended();
  }

  parsed(body: unknown): void {
    const { protocol, heard } = this.#options;
    this.#inChunks = isList(body);
    const events = this.#inChunks ? entriesOf(body, Number.POSITIVE_INFINITY) : [body];
    for (const event of events) protocol.read(event, heard, { isWhole: !this.#inChunks, name: undefined });
    this.ended();
  }

  ended(): void {
    this.#form?.ended();
    const { protocol, heard, asksForUsage } = this.#options;
    const hasUsage = !asksForUsage || heard.hasUsage;
    if (this.#inChunks && protocol.endsWithReason && heard.hasFinished && hasUsage) heard.done();
  }

  facts(): ModelCallEnd {
    return this.#options.heard.facts(this.#inChunks);
  }

  #formOf(bytes: Uint8Array): Form | undefined {
    const first = firstByte(bytes);
    if (first === undefined) return undefined;
    this.#inChunks = this.#options.streams === true || first !== OPEN;
    if (first === 0) return framesForm(this.#options);
    const isJson = first === OPEN || first === OPEN_LIST;
    return isJson ? jsonForm(this.#options, this.#inChunks) : eventsForm(this.#options);
  }
}

/** One document, several behind each other, or a list of them. */
function jsonForm({ protocol, heard, keepsText }: ReaderOptions, inChunks: boolean): Form {
  const wanted = inChunks || keepsText ? everything(protocol) : protocol.wanted;
  let isList = false;
  const read = (value: unknown) => protocol.read(value, heard, { isWhole: !isList, name: undefined });
  const makePruner = () =>
    createPruner(wanted, {
      document: read,
      listBegin: () => {
        isList = true;
      },
      listEnd: () => heard.done(),
    });
  let pruner: Pruner | undefined;
  return {
    chunk(bytes) {
      const documents = pruner?.isIdle === false ? undefined : documentsIn(bytes);
      if (documents !== undefined) {
        for (const each of documents) read(each);
        return;
      }
      pruner ??= makePruner();
      pruner.chunk(bytes);
    },
    ended() {},
  };
}

/** The documents of a chunk that ends where one ends, as most do: to parse them is faster. `undefined` where it does not. */
function documentsIn(bytes: Uint8Array): readonly unknown[] | undefined {
  if (bytes.length > PARSED_AT_ONCE) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString().trim();
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  const documents = (text.includes('}\n{') ? text.split('\n') : [text]).map((each) => parseOr(each, undefined));
  return documents.includes(undefined) ? undefined : documents;
}

function eventsForm({ protocol, heard, keepsText }: ReaderOptions): Form {
  let events = 0;
  let long: Pruner | undefined;

  function read(event: unknown, name: string | undefined): void {
    if (typeof event === 'object' && event !== null) protocol.read(event, heard, { isWhole: false, name });
  }

  return createEventLines({
    event(data, name) {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
      // One character for each byte: the keys and marks have no others, and nothing is decoded twice.
      const line = bytes.toString('latin1');
      if (line.trim() === '[DONE]') {
        heard.done();
        return;
      }
      events += 1;
      const isFirst = events <= FIRST_EVENTS && !heard.knowsModel;
      if (keepsText || isFirst || name === 'error' || protocol.marks.test(line)) {
        read(parseOr(bytes.toString(), undefined), name);
      } else heard.passed(textBytes(line, protocol.textKeys));
    },
    piece(bytes) {
      long ??= createPruner(everything(protocol), { document: (value) => read(value, undefined) });
      long.chunk(bytes);
    },
    pieceEnd() {
      long = undefined;
    },
  });
}

/** The frames of AWS. Those of `invoke-with-response-stream` have the event of the model's own protocol in them. */
function framesForm({ protocol, heard }: ReaderOptions): Form {
  const stream = createEventStream({
    frame(payload, headers) {
      const json = parseOr(payload.toString(), undefined);
      const exception = headers.get(':exception-type') ?? headers.get(':error-code');
      if (exception !== undefined) heard.failed({ code: exception, message: at(json, 'message') });
      const inner = at(json, 'bytes');
      const event = typeof inner === 'string' ? parseOr(Buffer.from(inner, 'base64').toString(), undefined) : json;
      if (typeof event === 'object' && event !== null) {
        protocol.read(event, heard, { isWhole: false, name: headers.get(':event-type') });
      }
    },
  });
  return { chunk: (bytes) => stream.chunk(bytes), ended() {} };
}

/** How many bytes the texts in a line of JSON have. */
function textBytes(line: string, keys: RegExp): number {
  let bytes = 0;
  keys.lastIndex = 0;
  while (keys.test(line)) {
    const begin = keys.lastIndex - 1;
    const end = stringEnd(line, begin);
    if (end < 0) break;
    bytes += end - begin - 2;
    keys.lastIndex = end;
  }
  return bytes;
}

/** The first byte that is no white space and no byte order mark. The length of a binary frame begins with a 0. */
function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte === 0 || (byte > 0x20 && byte < 0x80));
}

/** What is read of a protocol's events with their texts. Put together once. */
function everything(protocol: ReplyProtocol): Wanted {
  const known = wholes.get(protocol) ?? merged(protocol.wanted, protocol.content);
  wholes.set(protocol, known);
  return known;
}
const wholes = new Map<ReplyProtocol, Wanted>();

function merged(one: Wanted | undefined, other: Wanted | undefined): Wanted {
  if (one === undefined || other === undefined) return one ?? other ?? {};
  if (one === true || other === true) return true;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...keys].map((key) => [key, merged(one[key], other[key])]));
}
