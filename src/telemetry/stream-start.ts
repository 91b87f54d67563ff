/**
 * The start of a stream. The execution asks for the first chunk itself, before its reader does: a failure before the
 * first chunk is then a failure of the execution, which the primitives around it can repeat or replace.
 */
import type { ReadableClock } from '../platform/clock.ts';
import { runIn } from './guard.ts';
import type { Observation } from './observation.ts';

/** The part of its context that a stream needs. */
export interface StreamContext {
  readonly clock: ReadableClock;
  readonly cancelled: boolean;
  throwIfCancelled(): void;
  /** Settles as `work` does, or rejects with the reason of a cancellation when callers stop waiting for the work. */
  untilGivenUp<T>(work: PromiseLike<T>): PromiseLike<T>;
  /** Calls `listener` when the context is cancelled, at once if it is already. Returns a function that removes it. */
  onCancel(listener: (reason: unknown) => void): () => void;
  /** Runs `work` with this context as the context of nested executions. */
  enter<Out>(work: () => Out): Out;
}

export type StreamSource<T> = AsyncIterator<T, unknown, undefined>;
export type StreamAnswer<T> = IteratorResult<T, unknown>;

/** Gives the first chunk, or the end of a stream without chunks. After a cancellation the source is closed. */
export async function firstAnswer<T>(
  source: StreamSource<T>,
  observation: Observation,
  context: StreamContext,
): Promise<StreamAnswer<T>> {
  try {
    context.throwIfCancelled();
    // An iterator written by hand may answer without a promise.
    const answer = await context.untilGivenUp(inContexts(observation, context, async () => source.next()));
    // A stream that has more chunks cannot succeed any more, a stream that has ended already has.
    if (!answer.done) context.throwIfCancelled();
    return answer;
  } catch (error) {
    if (context.cancelled) closeSource(source, observation, context);
    throw error;
  }
}

/** Runs `work` in the contexts of the execution, not in those of the code that pulls. */
export function inContexts<Out>(observation: Observation, context: StreamContext, work: () => Out): Out {
  return context.enter(() => runIn(observation.context, work));
}

/** Closes the source of an execution that has its error already: a second error, from the closing, is ignored. */
export function closeSource(source: StreamSource<unknown>, observation: Observation, context: StreamContext): void {
  inContexts(observation, context, async () => source.return?.()).catch(() => {});
}
