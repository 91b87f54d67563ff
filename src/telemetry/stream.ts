/**
 * Executions whose output is a stream. The execution resolves with the first chunk and lasts until the stream ends:
 * exhausted, failed, cancelled, or left by its consumer. The generator always runs in the execution's contexts, not in
 * those of the code that pulls.
 */
import { acrossCopies } from '../platform/process-wide.ts';
import type { Observation } from './observation.ts';
import { type EndListener, StreamExecution } from './stream-execution.ts';
import type { StreamAnswer, StreamContext, StreamSource } from './stream-start.ts';
import { VERDICT } from './verdict.ts';

/** Whether a value is a generator of chunks. Other async iterables (sockets, responses) are values like any other. */
export function isStream(value: unknown): value is StreamSource<unknown> & AsyncIterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return Symbol.asyncIterator in value && typeof (value as { next?: unknown }).next === 'function';
  } catch {
    return false;
  }
}

/** Cancels the execution of a stream that was garbage collected. An execution must not refer to its stream. */
const dropped = new FinalizationRegistry<StreamExecution<unknown>>((execution) => {
  execution.cancel(Object.assign(new Error('the stream was dropped before its end'), { [VERDICT]: 'cancelled' }));
});

function cancelWhenDropped(stream: object, execution: StreamExecution<unknown>): void {
  dropped.register(stream, execution, execution);
  execution.afterEnd(() => dropped.unregister(execution));
}

/** The stream as its consumer sees it. */
export class ObservedStream<T> implements AsyncIterableIterator<T, unknown, undefined> {
  readonly #execution: StreamExecution<T>;

  constructor(
    source: StreamSource<T>,
    first: StreamAnswer<T>,
    observation: Observation,
    context: StreamContext,
    onEnd: EndListener,
  ) {
    this.#execution = new StreamExecution(source, first, observation, context, onEnd);
    cancelWhenDropped(this, this.#execution as StreamExecution<unknown>);
  }

  next(): Promise<IteratorResult<T, unknown>> {
    return this.#execution.next();
  }

  /** The consumer needs no more chunks: the generator is closed, and the execution has succeeded. */
  return(value?: unknown): Promise<IteratorResult<T, unknown>> {
    return this.#execution.return(value);
  }

  throw(error?: unknown): Promise<IteratorResult<T, unknown>> {
    return this.#execution.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Calls `listener` when the stream has ended, at once if it has ended already. */
  afterEnd(listener: EndListener): void {
    this.#execution.afterEnd(listener);
  }
}

acrossCopies({ ObservedStream });
