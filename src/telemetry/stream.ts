/**
 * Executions whose output is a stream. The execution lasts until the stream ends: exhausted, failed, cancelled, or
 * left by its consumer. Whatever the generator does runs in the execution's own contexts, whoever asks for the chunk.
 */
import { runIn, timeOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { ATTR } from './semconv.ts';
import { VERDICT } from './verdict.ts';

/** What a stream must know of the context it runs in. */
export interface StreamContext {
  readonly clock: { now(): number };
  /** Calls `listener` when the context is cancelled, at once if it has been. Returns how to stop listening. */
  onCancel(listener: (reason: unknown) => void): () => void;
  /** Runs `work` where nested executions find this context. */
  enter<Out>(work: () => Out): Out;
}

type Source<T> = AsyncIterator<T, unknown, undefined>;

/** Whether a value is a generator of chunks. Other async iterables (sockets, responses) are values like any other. */
export function isStream(value: unknown): value is Source<unknown> & AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return Symbol.asyncIterator in value && typeof (value as { next?: unknown }).next === 'function';
  } catch {
    return false;
  }
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

type OnEnd = (error: unknown, failed: boolean) => void;

/** Told what the stream failed with, if it did. */
export type EndListener = (failure: { readonly error: unknown } | undefined) => void;

/** The part that lives on when the consumer has dropped the stream unread. */
class Life<T> {
  readonly source: Source<T>;
  readonly #observation: Observation;
  readonly #context: StreamContext;
  readonly #listeners: EndListener[] = [];
  readonly #onEnd: OnEnd;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #chunks = 0;
  #cancelled: { readonly reason: unknown } | undefined;
  #rejectPending = new Set<(reason: unknown) => void>();
  #untie: () => void = () => {};

  constructor(source: Source<T>, observation: Observation, streamContext: StreamContext, onEnd: OnEnd) {
    this.source = source;
    this.#observation = observation;
    this.#context = streamContext;
    this.#onEnd = onEnd;
    this.#untie = streamContext.onCancel((reason) => this.cancel(reason));
    if (this.#ended) this.#untie();
  }

  async pull(ask: () => Promise<IteratorResult<T, unknown>>): Promise<IteratorResult<T, unknown>> {
    if (this.#cancelled !== undefined) {
      // Told once: a consumer that was between two chunks must not take the end for a complete stream.
      const { reason } = this.#cancelled;
      this.#cancelled = undefined;
      throw reason;
    }
    if (this.#ended) return DONE;
    try {
      const result = await this.#untilCancelled(this.inside(ask));
      if (result.done) this.end('done');
      else this.#count();
      return result;
    } catch (error) {
      this.#cancelled = undefined;
      this.end('failed', error, true);
      throw error;
    }
  }

  inside<Out>(work: () => Out): Out {
    return this.#context.enter(() => runIn(this.#observation.context, work));
  }

  /** Ends the execution now, and tells the generator so as soon as it listens. */
  cancel(reason: unknown): void {
    if (this.#ended) return;
    if (this.#rejectPending.size === 0) this.#cancelled = { reason };
    this.end('cancelled', reason, true);
    for (const reject of this.#rejectPending) reject(reason);
    this.release();
  }

  release(): void {
    try {
      this.inside(() => this.source.return?.())?.then(undefined, () => {});
    } catch {
      // A generator that cannot be closed has nothing more to say to anybody.
    }
  }

  end(how: 'done' | 'left' | 'failed' | 'cancelled', error?: unknown, failed = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#untie();
    dropped.unregister(this);
    this.#observation.span?.setAttributes({ [ATTR.streamEnd]: how, [ATTR.streamChunks]: this.#chunks });
    this.#failure = failed ? { error } : undefined;
    this.#onEnd(error, failed);
    for (const listener of this.#listeners.splice(0)) listener(this.#failure);
  }

  afterEnd(listener: EndListener): void {
    if (this.#ended) listener(this.#failure);
    else this.#listeners.push(listener);
  }

  #count(): void {
    this.#chunks += 1;
    const { startedAt, span, telemetry, context: otelContext } = this.#observation;
    if (this.#chunks > 1 || Number.isNaN(startedAt)) return;
    const seconds = Math.max(0, timeOf(this.#context.clock) - startedAt) / 1_000;
    if (Number.isNaN(seconds)) return;
    span?.setAttribute(ATTR.streamFirstChunk, seconds);
    telemetry.firstChunk?.table.record(seconds, telemetry.firstChunk.labels, otelContext);
  }

  /** An iterator written by hand may answer without a promise. */
  #untilCancelled<V>(work: V | PromiseLike<V>): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      this.#rejectPending.add(reject);
      const settled = () => this.#rejectPending.delete(reject);
      Promise.resolve(work).finally(settled).then(resolve, reject);
    });
  }
}

/** Ends the execution of a stream that nobody holds any more. */
const dropped = new FinalizationRegistry<Life<unknown>>((life) => {
  life.cancel(Object.assign(new Error('the stream was dropped before its end'), { [VERDICT]: 'cancelled' }));
});

/** The stream as its consumer sees it. */
export class ObservedStream<T> implements AsyncIterableIterator<T, unknown, undefined> {
  readonly #life: Life<T>;

  constructor(source: Source<T>, observation: Observation, streamContext: StreamContext, onEnd: OnEnd) {
    this.#life = new Life(source, observation, streamContext, onEnd);
    dropped.register(this, this.#life as Life<unknown>, this.#life);
  }

  next(): Promise<IteratorResult<T, unknown>> {
    return this.#life.pull(() => this.#life.source.next());
  }

  /** The consumer has had enough: the generator is closed, and the execution has succeeded. */
  async return(value?: unknown): Promise<IteratorResult<T, unknown>> {
    const life = this.#life;
    try {
      await life.inside(() => life.source.return?.(value));
    } catch (error) {
      life.end('failed', error, true);
      throw error;
    }
    life.end('left');
    return { done: true, value };
  }

  throw(error?: unknown): Promise<IteratorResult<T, unknown>> {
    const { source } = this.#life;
    return this.#life.pull(() => source.throw?.(error) ?? Promise.reject(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Calls `listener` once the stream has ended, at once if it has. */
  afterEnd(listener: EndListener): void {
    this.#life.afterEnd(listener);
  }
}
