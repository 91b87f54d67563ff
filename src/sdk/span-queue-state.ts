/**
 * The state of the span queue as a value, and its transitions. No clock, no timers, no telemetry; times are in
 * milliseconds. Here spans and requests are only numbers; `span-queue.ts` has the batches themselves.
 */
import { type Delivery, isAsked, pauseAfter, SENDING } from './pause.ts';

/** Requests that wait for an answer at the same time. Without a limit a burst of spans would open many connections. */
export const MAX_REQUESTS = 4;

/** A process often ends right after a slow failure, because that request was the last thing that kept it running. */
const RECENT_FAILURE_MS = 100;

export interface SpanQueueRules {
  /** How many spans the queue may hold: those that wait and those in requests. */
  readonly maxPending: number;
  /** How many bytes these spans may take. */
  readonly maxPendingBytes: number;
  /** A request that fails after this time or later, in milliseconds, means that the collector does not answer. */
  readonly slowFailureMs: number;
  /** The longest that a queue which is closing waits because the collector asked for it, in milliseconds. */
  readonly longestLastWaitMs: number;
}

interface Running {
  /** Spans that were admitted, and are neither delivered nor lost yet. */
  readonly pendingSpans: number;
  /** What these spans take in memory. */
  readonly pendingBytes: number;
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

/** Still takes and delivers spans; the next failure without an answer closes it. */
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
  pendingBytes: 0,
  requests: 0,
  waitingFlushes: 0,
  delivery: SENDING,
  pausesInARow: 0,
  lastSlowFailureAt: undefined,
};

/** The queue with one more span, or why it cannot take the span. */
export function admitSpan(
  rules: SpanQueueRules,
  state: SpanQueueState,
  bytes: number,
): RunningSpanQueue | 'queue_full' | 'shutdown' {
  if (state.phase === 'closed') return 'shutdown';
  if (state.pendingSpans >= rules.maxPending) return 'queue_full';
  const pendingSpans = state.pendingSpans + 1;
  const pendingBytes = state.pendingBytes + bytes;
  if (pendingBytes > rules.maxPendingBytes) return 'queue_full';
  if (state.phase === 'closing') return { ...state, pendingSpans, pendingBytes };
  const { phase, requests, waitingFlushes, delivery, pausesInARow, lastSlowFailureAt } = state;
  // This runs for every span, and `...state` would take ten times as long.
  return { phase, pendingSpans, pendingBytes, requests, waitingFlushes, delivery, pausesInARow, lastSlowFailureAt };
}

/** What one or more spans take, or took. */
export interface Load {
  readonly spans: number;
  readonly bytes: number;
}

/** The queue without spans that were delivered or lost. */
export function removeSpans<T extends SpanQueueState>(state: T, { spans, bytes }: Load): T {
  if (state.phase === 'closed') return state;
  return { ...state, pendingSpans: state.pendingSpans - spans, pendingBytes: state.pendingBytes - bytes };
}

/** The queue with one more request, `undefined` when no request may be sent now. */
export function startRequest(state: SpanQueueState, waitingBatches: number): RunningSpanQueue | undefined {
  if (waitingBatches === 0 || state.phase === 'closed' || state.delivery.mode === 'paused') return undefined;
  // After a pause one request at a time, until one is delivered.
  if (state.requests >= (state.pausesInARow > 0 ? 1 : MAX_REQUESTS)) return undefined;
  return { ...state, requests: state.requests + 1 };
}

/** The queue after the delivery of a request. A pause goes on, but the next pause is short again. */
export function requestDelivered(state: RunningSpanQueue, load: Load): RunningSpanQueue {
  return { ...removeSpans(withoutRequest(state), load), pausesInARow: 0 };
}

/** The queue after a request that was too large. Its spans are sent again in two requests. */
export function requestSplit(state: RunningSpanQueue): RunningSpanQueue {
  return withoutRequest(state);
}

export interface FailedRequest extends Load {
  /** `lost`: the spans are given up. `busy`, `unreachable`: they wait for the end of the pause. */
  readonly outcome: 'lost' | 'busy' | 'unreachable';
  /** How long the collector asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  readonly tookMs: number;
  readonly failedAt: number;
}

export function requestFailed(
  { slowFailureMs, longestLastWaitMs }: SpanQueueRules,
  state: RunningSpanQueue,
  failed: FailedRequest,
): SpanQueueState {
  const { outcome, retryAfterMs, tookMs, failedAt } = failed;
  const left = outcome === 'lost' ? removeSpans(withoutRequest(state), failed) : withoutRequest(state);
  if (outcome === 'busy' && (left.phase === 'open' || (retryAfterMs ?? 0) <= longestLastWaitMs)) {
    return paused(left, retryAfterMs);
  }
  if (outcome === 'lost' && tookMs < slowFailureMs) return state.waitingFlushes > 0 ? left : paused(left);
  if (left.phase === 'closing') return closeQueue(left);
  // A flush waits for this pause too: more requests would only wait for the same collector.
  return paused(tookMs < slowFailureMs ? left : { ...left, lastSlowFailureAt: failedAt });
}

/** The queue when the time of its pause is over. */
export function pauseEnded(state: SpanQueueState): SpanQueueState {
  return state.phase === 'closed' ? state : { ...state, delivery: SENDING };
}

/**
 * The queue when a flush begins. The flush ends a pause that the collector did not ask for, and fast failures that lose
 * spans start no other pause while it waits.
 */
export function flushStarted(state: SpanQueueState): SpanQueueState {
  if (state.phase === 'closed') return state;
  const { delivery } = state;
  return { ...state, delivery: isAsked(delivery) ? delivery : SENDING, waitingFlushes: state.waitingFlushes + 1 };
}

export function flushEnded(state: SpanQueueState): SpanQueueState {
  return state.phase === 'closed' ? state : { ...state, waitingFlushes: state.waitingFlushes - 1 };
}

/**
 * The queue of a process that ends: a collector that does not answer, or that nothing reaches, closes it. Every pause
 * ends, for the last try. If there was a recent slow failure, it is closed now.
 */
export function beginClosing(state: SpanQueueState, now: number): SpanQueueState {
  if (state.phase !== 'open') return state;
  const { lastSlowFailureAt, ...running } = state;
  if (lastSlowFailureAt !== undefined && now - lastSlowFailureAt < RECENT_FAILURE_MS) return closeQueue(state);
  return { ...running, phase: 'closing', delivery: SENDING };
}

export function closeQueue(state: SpanQueueState): Closed {
  return state.phase === 'closed' ? state : { phase: 'closed', spansGivenUp: state.pendingSpans };
}

/** The whole length of the current pause in milliseconds, `undefined` when there is no pause. */
export function currentPauseMs(state: SpanQueueState): number | undefined {
  return state.phase !== 'closed' && state.delivery.mode === 'paused' ? state.delivery.pauseMs : undefined;
}

function withoutRequest<T extends RunningSpanQueue>(state: T): T {
  return { ...state, requests: state.requests - 1 };
}

function paused(state: RunningSpanQueue, retryAfterMs?: number): RunningSpanQueue {
  const delivery = pauseAfter(state.delivery, state.pausesInARow, retryAfterMs);
  return delivery === state.delivery ? state : { ...state, delivery, pausesInARow: state.pausesInARow + 1 };
}
