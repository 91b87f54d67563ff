/** Reads a reply by its protocol, and ends the call when the reply is complete. */
import { ModelReplyError } from '../llm/reply-error.ts';
import { tellNoMore } from './dropped.ts';
import type { UsageFilter } from './include-usage.ts';
import type { OpenCall } from './open-call.ts';
import type { ReplyReader } from './protocol.ts';
import type { ReplySink } from './tap.ts';

export interface Reading {
  readonly call: OpenCall;
  /** Whether the reply comes in chunks. */
  readonly streams: boolean;
  readonly makeReader: () => ReplyReader;
  /** Hides what the client has not asked for. */
  readonly makeFilter?: (() => UsageFilter) | undefined;
}

/** The sink of a reply. Each copy of the reply has a reader of its own: it may be read at another pace. */
export class ReadReply implements ReplySink {
  readonly #filter: UsageFilter | undefined;
  /** Both are `undefined` once nothing more has to be read: who keeps a response does not keep its call. */
  #reading: Reading | undefined;
  #reader: ReplyReader | undefined;
  #hasChunk = false;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#filter = reading.makeFilter?.();
    this.#reader = reading.makeReader();
    reading.call.readBy(this.#reader);
  }

  chunk(bytes: Uint8Array): Uint8Array {
    if (this.#reading !== undefined) {
      if (this.#reading.streams && !this.#hasChunk) this.#reading.call.firstChunk();
      this.#hasChunk = true;
      this.#read((reader) => reader.chunk(bytes));
    }
    return this.#filter === undefined ? bytes : this.#filter.chunk(bytes);
  }

  text(body: string): string {
    this.#read((reader) => reader.text(body));
    this.#ended();
    return this.#filter === undefined ? body : this.#filter.text(body);
  }

  parsed(body: unknown): void {
    this.#read((reader) => reader.parsed(body));
    this.#ended();
  }

  ended(): Uint8Array | undefined {
    this.#read((reader) => reader.ended());
    this.#ended();
    return this.#filter?.ended();
  }

  left(): void {
    this.#stop((call, reader) => call.left(reader));
  }

  broken(error: unknown): void {
    this.#stop((call, reader) => {
      if (reader.error !== undefined) call.failed(reader.error, reader);
      else call.broken(error, reader);
    });
  }

  copy(): ReplySink {
    return this.#reading === undefined ? this : new ReadReply(this.#reading);
  }

  /** Reads a part. The call ends with the last event of its protocol: some clients read no further. */
  #read(read: (reader: ReplyReader) => void): void {
    const reader = this.#reader;
    const call = this.#reading?.call;
    if (reader === undefined || call === undefined) return;
    const isRead = call.guarded(() => read(reader));
    if (isRead && !reader.isComplete && !call.hasEnded) return;
    this.#stop(() => {
      if (!isRead) call.succeeded();
      else if (reader.error === undefined) call.succeeded(reader);
      else call.failed(reader.error, reader);
    });
  }

  /** A reply that is not complete at its end was cut off. */
  #ended(): void {
    this.#stop((call, reader) => call.failed(reader.error ?? cutOff(), reader));
  }

  #stop(end: (call: OpenCall, reader: ReplyReader) => void): void {
    const reader = this.#reader;
    const call = this.#reading?.call;
    if (reader === undefined || call === undefined) return;
    this.#reader = this.#reading = undefined;
    tellNoMore(this);
    end(call, reader);
  }
}

export function cutOff(): ModelReplyError {
  const message = 'the reply was cut off: it ended before its last event';
  return new ModelReplyError(message, undefined, { reason: 'cut_off' });
}
