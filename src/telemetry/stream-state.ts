/**
 * The execution of a stream as a value: what it is, what it becomes, and what is to be done then. No promises, no
 * timers, no telemetry.
 *
 * The consumer pulls chunks and the source gives them. In every phase but `open` and `leaving` the execution has ended.
 */

export interface Failure {
  readonly error: unknown;
}

/**
 * - `open`: `pending` pulls wait for the source.
 * - `leaving`: the consumer needs no more chunks and the source is being closed; `pending` pulls still wait for it.
 * - `done`: the source has no more chunks.
 * - `left`: the consumer needed no more chunks; the source is closed.
 * - `failed`: the source has failed.
 * - `cancelled`: `told` says whether a pull was rejected with the reason. Until then the consumer cannot know, and must
 *   not take the end for a complete stream.
 */
export type StreamState = { readonly chunks: number } & (
  | { readonly phase: 'open' | 'leaving'; readonly pending: number }
  | { readonly phase: 'done' | 'left' }
  | { readonly phase: 'failed'; readonly failure: Failure }
  | { readonly phase: 'cancelled'; readonly failure: Failure; readonly told: boolean }
);

/**
 * - `first_chunk`: record how long the first chunk took.
 * - `end`: end the execution, and tell those who wait for its end.
 * - `reject_pending`: answer all pending pulls with the failure.
 * - `close`: let the source release what it holds.
 */
export type StreamAction = 'first_chunk' | 'end' | 'reject_pending' | 'close';

/** The next state, and what is to be done, in this order. */
export interface StreamStep {
  readonly state: StreamState;
  readonly todo: readonly StreamAction[];
}

export const OPEN: StreamState = { phase: 'open', chunks: 0, pending: 0 };

const NOTHING: readonly StreamAction[] = [];
const FIRST_CHUNK: readonly StreamAction[] = ['first_chunk'];
const END: readonly StreamAction[] = ['end'];

export function hasEnded({ phase }: StreamState): boolean {
  return phase !== 'open' && phase !== 'leaving';
}

/** What the execution has failed with, if it has. */
export function failureOf(state: StreamState): Failure | undefined {
  return 'failure' in state ? state.failure : undefined;
}

/** The consumer pulls: the next state, and what answers the pull. */
export function pulled(state: StreamState): {
  readonly state: StreamState;
  readonly answer: 'source' | 'failure' | 'end';
} {
  switch (state.phase) {
    case 'open':
    case 'leaving': {
      const { phase, chunks, pending } = state;
      return { state: { phase, chunks, pending: pending + 1 }, answer: 'source' };
    }
    case 'cancelled':
      return state.told ? { state, answer: 'end' } : { state: { ...state, told: true }, answer: 'failure' };
    default:
      return { state, answer: 'end' };
  }
}

/** The source has answered a pull with a chunk. */
export function chunkGiven(state: StreamState): StreamStep {
  if (state.phase !== 'open' && state.phase !== 'leaving') return { state, todo: NOTHING };
  const { phase, chunks, pending } = state;
  return { state: { phase, chunks: chunks + 1, pending: pending - 1 }, todo: chunks === 0 ? FIRST_CHUNK : NOTHING };
}

/** The source has answered a pull with its end. While it is being closed, its end is the end of the closing. */
export function sourceDone(state: StreamState): StreamStep {
  if (state.phase === 'leaving') return { state: { ...state, pending: state.pending - 1 }, todo: NOTHING };
  return ended(state, { phase: 'done', chunks: state.chunks });
}

/** The source has failed, in a pull or when it was closed. */
export function sourceFailed(state: StreamState, failure: Failure): StreamStep {
  return ended(state, { phase: 'failed', chunks: state.chunks, failure });
}

/** The consumer needs no more chunks. */
export function consumerLeaving(state: StreamState): StreamState {
  return state.phase === 'open' ? { ...state, phase: 'leaving' } : state;
}

/** The source is closed because the consumer needed no more chunks. */
export function consumerLeft(state: StreamState): StreamStep {
  return ended(state, { phase: 'left', chunks: state.chunks });
}

/** The execution was cancelled, or the consumer has lost the stream. */
export function cancelled(state: StreamState, failure: Failure): StreamStep {
  if (state.phase !== 'open' && state.phase !== 'leaving') return { state, todo: NOTHING };
  const told = state.pending > 0;
  const todo: readonly StreamAction[] = told ? ['end', 'reject_pending', 'close'] : ['end', 'close'];
  return { state: { phase: 'cancelled', chunks: state.chunks, failure, told }, todo };
}

function ended(before: StreamState, after: StreamState): StreamStep {
  return hasEnded(before) ? { state: before, todo: NOTHING } : { state: after, todo: END };
}
