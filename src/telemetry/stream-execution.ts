import type { ReadableClock } from '../platform/clock.ts';
import { runIn, timeOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { ATTR } from './semconv.ts';
import {
  cancelled,
  chunkGiven,
  consumerLeaving,
  consumerLeft,
  type Failure,
  failureOf,
  hasEnded,
  OPEN,
  pulled,
  type StreamState,
  type StreamStep,
  sourceDone,
  sourceFailed,
} from './stream-state.ts';

/** The part of its context that a stream needs. */
export interface StreamContext {
  readonly clock: ReadableClock;
  /** Calls `listener` when the context is cancelled, at once if it is already. Returns a function that removes it. */
  onCancel(listener: (reason: unknown) => void): () => void;
  /** Runs `work` with this context as the context of nested executions. */
  enter<Out>(work: () => Out): Out;
}

export type StreamSource<T> = AsyncIterator<T, unknown, undefined>;

/** Called at the end of a stream, with its failure if it has failed. */
export type EndListener = (failure: Failure | undefined) => void;

type Answer<T> = IteratorResult<T, unknown>;

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

/** `stream-state.ts` decides; this class asks the source, in the execution's contexts, and answers the pulls. */
export class StreamExecution<T> {
  readonly #source: StreamSource<T>;
  readonly #observation: Observation;
  readonly #context: StreamContext;
  readonly #listeners: EndListener[];
  readonly #rejectPending = new Set<(error: unknown) => void>();
  readonly #unlisten: () => void = () => {};
  #state: StreamState = OPEN;

  constructor(source: StreamSource<T>, observation: Observation, context: StreamContext, onEnd: EndListener) {
    this.#source = source;
    this.#observation = observation;
    this.#context = context;
    this.#listeners = [onEnd];
    // If the context is already cancelled, the listener runs at once.
    this.#unlisten = context.onCancel((reason) => this.cancel(reason));
    if (hasEnded(this.#state)) this.#unlisten();
  }

  next(): Promise<Answer<T>> {
    return this.#pull((source) => source.next());
  }

  throw(error: unknown): Promise<Answer<T>> {
    return this.#pull((source) => source.throw?.(error) ?? Promise.reject(error));
  }

  async return(value: unknown): Promise<Answer<T>> {
    this.#state = consumerLeaving(this.#state);
    try {
      await this.#inContexts(() => this.#source.return?.(value));
    } catch (error) {
      this.#move(sourceFailed(this.#state, { error }));
      throw error;
    }
    this.#move(consumerLeft(this.#state));
    return { done: true, value };
  }

  /** Ends the execution now. A generator that is busy is closed at its next `yield`. */
  cancel(reason: unknown): void {
    this.#move(cancelled(this.#state, { error: reason }));
  }

  afterEnd(listener: EndListener): void {
    if (hasEnded(this.#state)) listener(failureOf(this.#state));
    else this.#listeners.push(listener);
  }

  #pull(ask: (source: StreamSource<T>) => Promise<Answer<T>>): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const { state, answer } = pulled(this.#state);
      this.#state = state;
      switch (answer) {
        case 'source':
          this.#ask(ask, reject).then(resolve, reject);
          break;
        case 'failure':
          reject(failureOf(state)?.error);
          break;
        case 'end':
          resolve(DONE);
          break;
      }
    });
  }

  async #ask(
    ask: (source: StreamSource<T>) => Promise<Answer<T>>,
    reject: (error: unknown) => void,
  ): Promise<Answer<T>> {
    this.#rejectPending.add(reject);
    try {
      // An iterator written by hand may answer without a promise.
      const answer = await this.#inContexts(() => ask(this.#source));
      this.#rejectPending.delete(reject);
      this.#move(answer.done ? sourceDone(this.#state) : chunkGiven(this.#state));
      return answer;
    } catch (error) {
      this.#rejectPending.delete(reject);
      this.#move(sourceFailed(this.#state, { error }));
      throw error;
    }
  }

  #inContexts<Out>(work: () => Out): Out {
    return this.#context.enter(() => runIn(this.#observation.context, work));
  }

  #move({ state, todo }: StreamStep): void {
    this.#state = state;
    for (const action of todo) {
      switch (action) {
        case 'first_chunk':
          this.#recordFirstChunk();
          break;
        case 'end':
          this.#end(state);
          break;
        case 'reject_pending':
          for (const reject of this.#rejectPending) reject(failureOf(state)?.error);
          break;
        case 'close':
          this.#close();
          break;
      }
    }
  }

  #end(state: StreamState): void {
    this.#unlisten();
    this.#observation.span?.setAttributes({ [ATTR.streamEnd]: state.phase, [ATTR.streamChunks]: state.chunks });
    for (const listener of this.#listeners.splice(0)) listener(failureOf(state));
  }

  #close(): void {
    try {
      this.#inContexts(() => this.#source.return?.())?.then(undefined, () => {});
    } catch {
      // The execution already has its error. A second error, from the closing, is ignored.
    }
  }

  #recordFirstChunk(): void {
    const { startedAt, span, telemetry, context: otelContext } = this.#observation;
    if (Number.isNaN(startedAt)) return;
    const seconds = Math.max(0, timeOf(this.#context.clock) - startedAt) / 1_000;
    if (Number.isNaN(seconds)) return;
    span?.setAttribute(ATTR.streamFirstChunk, seconds);
    telemetry.firstChunk?.table.record(seconds, telemetry.firstChunk.labels, otelContext);
  }
}
