import { timeOf } from './guard.ts';
import type { Observation } from './observation.ts';
import { ATTR } from './semconv.ts';
import { closeSource, inContexts, type StreamAnswer, type StreamContext, type StreamSource } from './stream-start.ts';
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

/** Called at the end of a stream, with its failure if it has failed. */
export type EndListener = (failure: Failure | undefined) => void;

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

/** `stream-state.ts` decides; this class asks the source, in the execution's contexts, and answers the pulls. */
export class StreamExecution<T> {
  readonly #source: StreamSource<T>;
  readonly #observation: Observation;
  readonly #context: StreamContext;
  readonly #listeners: EndListener[];
  readonly #rejectPending = new Set<(error: unknown) => void>();
  readonly #unlisten: () => void = () => {};
  /** The first answer of the source, until the consumer has read it. */
  #first: StreamAnswer<T> | undefined;
  #state: StreamState = pulled(OPEN).state;

  /** `first` is the answer of the source to the first pull. */
  constructor(
    source: StreamSource<T>,
    first: StreamAnswer<T>,
    observation: Observation,
    context: StreamContext,
    onEnd: EndListener,
  ) {
    this.#source = source;
    this.#first = first;
    this.#observation = observation;
    this.#context = context;
    this.#listeners = [onEnd];
    this.#answered(first);
    if (!hasEnded(this.#state)) this.#unlisten = context.onCancel((reason) => this.cancel(reason));
  }

  next(): Promise<StreamAnswer<T>> {
    const first = this.#first;
    if (first === undefined) return this.#pull((source) => source.next());
    this.#first = undefined;
    return Promise.resolve(first);
  }

  throw(error: unknown): Promise<StreamAnswer<T>> {
    this.#first = undefined;
    return this.#pull(async (source) => {
      if (source.throw !== undefined) return source.throw(error);
      await source.return?.();
      throw error;
    });
  }

  async return(value: unknown): Promise<StreamAnswer<T>> {
    this.#first = undefined;
    this.#state = consumerLeaving(this.#state);
    try {
      await inContexts(this.#observation, this.#context, () => this.#source.return?.(value));
    } catch (error) {
      this.#move(sourceFailed(this.#state, { error }));
      throw error;
    }
    this.#move(consumerLeft(this.#state));
    return { done: true, value };
  }

  /** Ends the execution now. A generator that is busy is closed at its next `yield`. */
  cancel(reason: unknown): void {
    this.#first = undefined;
    this.#move(cancelled(this.#state, { error: reason }));
  }

  afterEnd(listener: EndListener): void {
    if (hasEnded(this.#state)) listener(failureOf(this.#state));
    else this.#listeners.push(listener);
  }

  #pull(ask: (source: StreamSource<T>) => Promise<StreamAnswer<T>>): Promise<StreamAnswer<T>> {
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
    ask: (source: StreamSource<T>) => Promise<StreamAnswer<T>>,
    reject: (error: unknown) => void,
  ): Promise<StreamAnswer<T>> {
    this.#rejectPending.add(reject);
    try {
      // An iterator written by hand may answer without a promise.
      const answer = await inContexts(this.#observation, this.#context, () => ask(this.#source));
      this.#rejectPending.delete(reject);
      this.#answered(answer);
      return answer;
    } catch (error) {
      this.#rejectPending.delete(reject);
      this.#move(sourceFailed(this.#state, { error }));
      throw error;
    }
  }

  #answered(answer: StreamAnswer<T>): void {
    this.#move(answer.done ? sourceDone(this.#state) : chunkGiven(this.#state));
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
          closeSource(this.#source, this.#observation, this.#context);
          break;
      }
    }
  }

  #end(state: StreamState): void {
    this.#unlisten();
    this.#observation.span?.setAttributes({ [ATTR.streamEnd]: state.phase, [ATTR.streamChunks]: state.chunks });
    for (const listener of this.#listeners.splice(0)) listener(failureOf(state));
  }

  #recordFirstChunk(): void {
    const { startedAt, span, telemetry } = this.#observation;
    if (Number.isNaN(startedAt)) return;
    const seconds = Math.max(0, timeOf(this.#context.clock) - startedAt) / 1_000;
    if (Number.isNaN(seconds)) return;
    span?.setAttribute(ATTR.streamFirstChunk, seconds);
    telemetry.firstChunk?.record(seconds, this.#observation);
  }
}
