/** A model call from its request to the end of its reply. It ends once, however many copies of the reply are read. */
import type { ModelCall, ModelCallEnd } from '../llm/model-call.ts';
import { abortReason } from '../platform/abort.ts';
import { readProperty } from '../platform/read-property.ts';
import type { ReplyReader } from './protocol.ts';
import { withoutWords } from './without-words.ts';

export interface OpenCallOptions {
  readonly call: ModelCall;
  /** The signal of the request, if it has one. */
  readonly signal: AbortSignal | undefined;
  /** Told of each error of our own. */
  readonly onFault: (error: unknown) => void;
}

/** What the end of a call needs of a reader. */
export type CallReader = Pick<ReplyReader, 'error' | 'facts'>;

/** What is known of a reply that was not read. */
const NOTHING_KNOWN: ModelCallEnd = Object.freeze({
  model: undefined,
  id: undefined,
  finishReasons: [],
  usage: undefined,
  metering: 'unknown',
  statedDollars: undefined,
  serviceTier: undefined,
});

/** `fetch` sends nothing where the signal is aborted already. */
const NEVER_SENT: ModelCallEnd = Object.freeze({ ...NOTHING_KNOWN, wasSent: false });

const open = new Set<OpenCall>();

/** How many observed model calls have not ended: their client waits for the reply, reads it, or has left it unread. */
export function openModelCalls(): number {
  return open.size;
}

/** Ends the observation of the open calls as cancelled, so that their spans and counts leave with this process. Returns how many they were. */
export function endOpenModelCalls(): number {
  const calls = [...open];
  for (const call of calls) call.left();
  return calls.length;
}

export class OpenCall {
  readonly #options: OpenCallOptions;
  readonly #unread: ModelCallEnd;
  /** The readers of the copies that can still be read. */
  readonly #readers = new Set<CallReader>();

  constructor(options: OpenCallOptions) {
    this.#options = options;
    this.#unread = readProperty(options.signal, 'aborted') === true ? NEVER_SENT : NOTHING_KNOWN;
    open.add(this);
  }

  get hasEnded(): boolean {
    return !open.has(this);
  }

  /** The reply, or a copy of it, is read by `reader`. */
  readBy(reader: CallReader): void {
    this.#readers.add(reader);
  }

  firstChunk(): void {
    this.guarded(() => this.#options.call.firstChunk());
  }

  succeeded(reader?: CallReader): void {
    this.#end((call, facts) => call.succeeded(facts), reader);
  }

  failed(error: unknown, reader?: CallReader): void {
    this.#end((call, facts) => call.failed(error, facts), reader);
  }

  /** The request or its reply has ended with `error`, which an abort may have caused. The name of such an error is the client's. */
  broken(error: unknown, reader?: CallReader): void {
    const { signal } = this.#options;
    const aborted = readProperty(signal, 'aborted') === true;
    const cause = signal !== undefined && aborted ? abortReason(signal) : error;
    const isAbort = aborted || readProperty(error, 'name') === 'AbortError';
    if (isAbort && readProperty(cause, 'name') !== 'TimeoutError') this.#cancelled(cause, reader);
    else this.#end((call, facts) => call.failed(cause, facts, withoutWords(cause)), reader);
  }

  /** One copy of the reply is read no more. While another can be read, the call goes on. */
  left(reader?: CallReader): void {
    if (reader !== undefined) this.#readers.delete(reader);
    if (reader !== undefined && this.#readers.size > 0) return;
    const last = reader ?? [...this.#readers].at(-1);
    const { signal } = this.#options;
    if (last?.error !== undefined) this.failed(last.error, last);
    else if (readProperty(signal, 'aborted') === true) this.broken(undefined, last);
    else this.#cancelled(undefined, last);
  }

  /** Runs code of ours, whose errors must not reach the client. Returns whether there was none. */
  guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#options.onFault(error);
      return false;
    }
  }

  #cancelled(reason: unknown, reader: CallReader | undefined): void {
    this.#end((call, facts) => call.cancelled(reason, facts), reader);
  }

  #end(tell: (call: ModelCall, facts: ModelCallEnd) => void, reader: CallReader | undefined): void {
    if (!open.delete(this)) return;
    this.#readers.clear();
    this.guarded(() => tell(this.#options.call, reader?.facts() ?? this.#unread));
  }
}
