/**
 * The state of a stream's execution as a value, and its transitions. A transition gives the next state and the actions
 * to do. No promises, no timers, no telemetry.
 *
 * The consumer pulls chunks and the source gives them. The execution has ended in every phase but `open` and `leaving`.
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
 * - `cancelled`: the execution was cancelled. `rejected` is whether a pull was rejected with the reason. Until then no
 *   pull may answer with the end, or the consumer would think that the stream is complete.
 */
export type StreamState = { readonly chunks: number } & (
  | { readonly phase: 'open' | 'leaving'; readonly pending: number }
  | { readonly phase: 'done' | 'left' }
  | { readonly phase: 'failed'; readonly failure: Failure }
  | { readonly phase: 'cancelled'; readonly failure: Failure; readonly rejected: boolean }
);

/**
 * - `first_chunk`: record how long the first chunk took.
 * - `end`: end the execution, and call the listeners that wait for its end.
 * - `reject_pending`: reject all pending pulls with the failure.
 * - `close`: close the source.
 */
export type StreamAction = 'first_chunk' | 'end' | 'reject_pending' | 'close';

/** The next state, and the actions to do, in this order. */
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

/** The failure of the execution, if it has failed. */
export function failureOf(state: StreamState): Failure | undefined {
  return 'failure' in state ? state.failure : undefined;
}

/** The consumer pulls. Returns the next state, and what answers the pull. */
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
      return state.rejected ? { state, answer: 'end' } : { state: { ...state, rejected: true }, answer: 'failure' };
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

/** The source has answered a pull with its end. In phase `leaving` the execution ends when the source is closed. */
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
  const rejected = state.pending > 0;
  const todo: readonly StreamAction[] = rejected ? ['end', 'reject_pending', 'close'] : ['end', 'close'];
  return { state: { phase: 'cancelled', chunks: state.chunks, failure, rejected }, todo };
}

function ended(before: StreamState, after: StreamState): StreamStep {
  return hasEnded(before) ? { state: before, todo: NOTHING } : { state: after, todo: END };
}
