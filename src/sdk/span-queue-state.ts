/**
 * The state of the span queue as a value, and its transitions. No clock, no timers, no telemetry; times are in
 * milliseconds. Here spans and requests are only numbers; `span-queue.ts` has the batches themselves.
 */

/** Requests that wait for an answer at the same time. Without a limit a burst of spans would open many connections. */
export const MAX_REQUESTS = 4;
/** Batches in one request. They share a request when they pile up, because a busy event loop reads answers late. */
export const MAX_BATCHES_PER_REQUEST = 8;

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
/** A process often ends right after a slow failure, because that request was the last thing that kept it running. */
const RECENT_FAILURE_MS = 100;

export interface SpanQueueRules {
  /** How many spans the queue may hold: those that wait and those in requests. */
  readonly maxPending: number;
  /** A request that fails after this time or later, in milliseconds, means that the collector does not answer. */
  readonly slowFailureMs: number;
}

type Delivery = { readonly mode: 'sending' } | { readonly mode: 'paused'; readonly pauseMs: number };

interface Running {
  /** Spans that were admitted, and are neither delivered nor lost yet. */
  readonly pendingSpans: number;
  /** Requests that were sent and are not answered yet. */
  readonly requests: number;
  /** Calls of `forceFlush` that have not resolved yet. */
  readonly waitingFlushes: number;
  readonly delivery: Delivery;
  /** Pauses since the last request that was delivered. Each pause is longer than the pause before. */
  readonly pausesInARow: number;
}

interface Open extends Running {
  readonly phase: 'open';
  readonly lastSlowFailureAt: number | undefined;
}

/** Still takes and delivers spans; the next slow failure closes it. */
interface Closing extends Running {
  readonly phase: 'closing';
}

/** The end: nothing is admitted or sent any more. */
interface Closed {
  readonly phase: 'closed';
  /** Spans that were pending when it closed. */
  readonly spansGivenUp: number;
}

export type RunningSpanQueue = Open | Closing;
export type SpanQueueState = RunningSpanQueue | Closed;

export const EMPTY_SPAN_QUEUE: SpanQueueState = {
  phase: 'open',
  pendingSpans: 0,
  requests: 0,
  waitingFlushes: 0,
  delivery: { mode: 'sending' },
  pausesInARow: 0,
  lastSlowFailureAt: undefined,
};

/** The queue with one more span, or why it cannot take the span. */
export function admitSpan(rules: SpanQueueRules, state: SpanQueueState): RunningSpanQueue | 'queue_full' | 'shutdown' {
  if (state.phase === 'closed') return 'shutdown';
  if (state.pendingSpans >= rules.maxPending) return 'queue_full';
  const pendingSpans = state.pendingSpans + 1;
  if (state.phase === 'closing') return { ...state, pendingSpans };
  const { phase, requests, waitingFlushes, delivery, pausesInARow, lastSlowFailureAt } = state;
  // This runs for every span, and `...state` would take ten times as long.
  return { phase, pendingSpans, requests, waitingFlushes, delivery, pausesInARow, lastSlowFailureAt };
}

export interface NextRequest {
  readonly state: RunningSpanQueue;
  /** How many of the waiting batches go into this request; 1 or more. */
  readonly batches: number;
}

/** The queue with one more request, `undefined` when no request may be sent now. */
export function startRequest(state: SpanQueueState, waitingBatches: number): NextRequest | undefined {
  if (waitingBatches === 0 || state.phase === 'closed') return undefined;
  if (state.delivery.mode === 'paused' || state.requests >= MAX_REQUESTS) return undefined;
  // After a pause each request has one batch, until a request is delivered: a failure then loses only that batch.
  const share = state.pausesInARow > 0 ? 1 : Math.ceil(waitingBatches / MAX_REQUESTS);
  return {
    state: { ...state, requests: state.requests + 1 },
    batches: Math.min(share, MAX_BATCHES_PER_REQUEST),
  };
}

/** The queue after the delivery of a request with `spans` spans. A pause goes on, but the next pause is short again. */
export function requestDelivered(state: RunningSpanQueue, spans: number): RunningSpanQueue {
  return { ...withoutRequest(state, spans), pausesInARow: 0 };
}

export interface FailedRequest {
  /** Spans in the request. All of them are lost. */
  readonly spans: number;
  readonly tookMs: number;
  readonly failedAt: number;
}

export function requestFailed(
  { slowFailureMs }: SpanQueueRules,
  state: RunningSpanQueue,
  { spans, tookMs, failedAt }: FailedRequest,
): SpanQueueState {
  const left = withoutRequest(state, spans);
  if (tookMs < slowFailureMs) return state.waitingFlushes > 0 ? left : paused(left);
  if (left.phase === 'closing') return closeQueue(left);
  // A flush waits for this pause too: more requests would only wait for the same collector.
  return paused({ ...left, lastSlowFailureAt: failedAt });
}

/** The queue when the time of its pause is over. */
export function pauseEnded(state: SpanQueueState): SpanQueueState {
  return state.phase === 'closed' ? state : { ...state, delivery: { mode: 'sending' } };
}

/** The queue when a flush begins. The flush ends the pause, and fast failures during the flush start no other pause. */
export function flushStarted(state: SpanQueueState): SpanQueueState {
  return state.phase === 'closed'
    ? state
    : { ...state, delivery: { mode: 'sending' }, waitingFlushes: state.waitingFlushes + 1 };
}

export function flushEnded(state: SpanQueueState): SpanQueueState {
  return state.phase === 'closed' ? state : { ...state, waitingFlushes: state.waitingFlushes - 1 };
}

/** The queue that the next slow failure closes. If there was a recent slow failure, it is closed now. */
export function closeOnSlowFailure(state: SpanQueueState, now: number): SpanQueueState {
  if (state.phase !== 'open') return state;
  const { lastSlowFailureAt, ...running } = state;
  if (lastSlowFailureAt !== undefined && now - lastSlowFailureAt < RECENT_FAILURE_MS) return closeQueue(state);
  return { ...running, phase: 'closing' };
}

export function closeQueue(state: SpanQueueState): Closed {
  return state.phase === 'closed' ? state : { phase: 'closed', spansGivenUp: state.pendingSpans };
}

/** The whole length of the current pause in milliseconds, `undefined` when there is no pause. */
export function currentPauseMs(state: SpanQueueState): number | undefined {
  return state.phase !== 'closed' && state.delivery.mode === 'paused' ? state.delivery.pauseMs : undefined;
}

function withoutRequest(state: RunningSpanQueue, spans: number): RunningSpanQueue {
  return { ...state, pendingSpans: state.pendingSpans - spans, requests: state.requests - 1 };
}

/** A failure during a pause starts no other pause: requests that ran at the same time count as one failure. */
function paused(state: RunningSpanQueue): RunningSpanQueue {
  if (state.delivery.mode === 'paused') return state;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** state.pausesInARow);
  return { ...state, delivery: { mode: 'paused', pauseMs }, pausesInARow: state.pausesInARow + 1 };
}
