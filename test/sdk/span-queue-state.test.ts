import { describe, expect, it } from 'vitest';
import {
  admitSpan,
  closeOnSlowFailure,
  closeQueue,
  currentPauseMs,
  flushEnded,
  flushStarted,
  pauseEnded,
  type RunningSpanQueue,
  requestDelivered,
  requestFailed,
  type SpanQueueRules,
  type SpanQueueState,
  startRequest,
} from '../../src/sdk/span-queue-state.ts';

const RULES: SpanQueueRules = { maxPending: 10, slowFailureMs: 1_000 };
const FAST = { spans: 3, tookMs: 999, failedAt: 7_000 };
const SLOW = { spans: 3, tookMs: 1_000, failedAt: 7_000 };

type Open = Extract<SpanQueueState, { phase: 'open' }>;
type Closing = Extract<SpanQueueState, { phase: 'closing' }>;

const sending = { mode: 'sending' } as const;
const COUNTS = { pendingSpans: 5, requests: 2, waitingFlushes: 0, delivery: sending, pausesInARow: 0 };
const PAUSED = { delivery: { mode: 'paused', pauseMs: 1_000 }, pausesInARow: 1 } as const;
const PAUSED_AGAIN = { delivery: { mode: 'paused', pauseMs: 2_000 }, pausesInARow: 2 } as const;
/** After the answer to a request with three spans. */
const ANSWERED = { pendingSpans: 2, requests: 1 };
const NOTED = { lastSlowFailureAt: 7_000 };

const open = (more: Partial<Open> = {}): Open => ({ phase: 'open', ...COUNTS, lastSlowFailureAt: undefined, ...more });
const closing = (more: Partial<Closing> = {}): Closing => ({ phase: 'closing', ...COUNTS, ...more });
const closed = (spansGivenUp: number): SpanQueueState => ({ phase: 'closed', spansGivenUp });

const admit = (state: SpanQueueState) => admitSpan(RULES, state);
const closeAt = (now: number) => (state: SpanQueueState) => closeOnSlowFailure(state, now);
const deliver = (state: RunningSpanQueue) => requestDelivered(state, 3);
const failFast = (state: RunningSpanQueue) => requestFailed(RULES, state, FAST);
const failSlowly = (state: RunningSpanQueue) => requestFailed(RULES, state, SLOW);

describe('what an event makes of the queue', () => {
  it.each<[string, SpanQueueState, (state: SpanQueueState) => unknown, unknown]>([
    ['a span in an open queue', open({ lastSlowFailureAt: 1 }), admit, open({ lastSlowFailureAt: 1, pendingSpans: 6 })],
    ['a span in a closing queue', closing(), admit, closing({ pendingSpans: 6 })],
    ['a span in a pause', open(PAUSED), admit, open({ ...PAUSED, pendingSpans: 6 })],
    ['the last span that fits', open({ pendingSpans: 9 }), admit, open({ pendingSpans: 10 })],
    ['a span too many', open({ pendingSpans: 10 }), admit, 'queue_full'],
    ['a span too many while it closes', closing({ pendingSpans: 10 }), admit, 'queue_full'],
    ['a span after it closed', closed(10), admit, 'shutdown'],

    ['the end of a pause', open(PAUSED), pauseEnded, open({ pausesInARow: 1 })],
    ['the end of a pause while it closes', closing(PAUSED), pauseEnded, closing({ pausesInARow: 1 })],
    ['the end of a pause after it closed', closed(1), pauseEnded, closed(1)],

    ['a flush', open(), flushStarted, open({ waitingFlushes: 1 })],
    ['a flush in a pause', open(PAUSED), flushStarted, open({ waitingFlushes: 1, pausesInARow: 1 })],
    ['a second flush while it closes', closing({ waitingFlushes: 1 }), flushStarted, closing({ waitingFlushes: 2 })],
    ['a flush after it closed', closed(1), flushStarted, closed(1)],
    ['the end of a flush', open({ waitingFlushes: 2 }), flushEnded, open({ waitingFlushes: 1 })],
    ['the end of a flush in a pause', open({ ...PAUSED, waitingFlushes: 1 }), flushEnded, open(PAUSED)],
    ['the end of a flush while it closes', closing({ waitingFlushes: 1 }), flushEnded, closing()],
    ['the end of a flush after it closed', closed(1), flushEnded, closed(1)],

    ['closing', open(), closeAt(7_000), closing()],
    ['closing in a pause', open(PAUSED), closeAt(7_000), closing(PAUSED)],
    ['closing right after a slow failure', open({ lastSlowFailureAt: 7_000 }), closeAt(7_099), closed(5)],
    ['closing some time after a slow failure', open({ lastSlowFailureAt: 7_000 }), closeAt(7_100), closing()],
    ['closing a second time', closing(), closeAt(7_000), closing()],
    ['closing after it closed', closed(1), closeAt(7_000), closed(1)],

    ['the close of an open queue', open({ waitingFlushes: 1 }), closeQueue, closed(5)],
    ['the close of a closing queue', closing(PAUSED), closeQueue, closed(5)],
    ['the close of a closed queue', closed(1), closeQueue, closed(1)],
  ])('%s', (_, before, event, after) => {
    expect(event(before)).toStrictEqual(after);
  });

  it.each<[string, RunningSpanQueue, (state: RunningSpanQueue) => SpanQueueState, SpanQueueState]>([
    ['a delivery', open(), deliver, open(ANSWERED)],
    ['a delivery after pauses', open({ pausesInARow: 3 }), deliver, open(ANSWERED)],
    ['a delivery in a pause, which goes on', open(PAUSED), deliver, open({ ...ANSWERED, ...PAUSED, pausesInARow: 0 })],
    ['a delivery while it closes', closing(), deliver, closing(ANSWERED)],

    ['a failure', open(), failFast, open({ ...ANSWERED, ...PAUSED })],
    ['a failure after a pause', open({ pausesInARow: 1 }), failFast, open({ ...ANSWERED, ...PAUSED_AGAIN })],
    ['a failure in a pause, which goes on', open(PAUSED), failFast, open({ ...ANSWERED, ...PAUSED })],
    ['a failure while a flush waits', open({ waitingFlushes: 1 }), failFast, open({ ...ANSWERED, waitingFlushes: 1 })],
    ['a failure while it closes', closing(), failFast, closing({ ...ANSWERED, ...PAUSED })],

    ['a slow failure', open(), failSlowly, open({ ...ANSWERED, ...PAUSED, ...NOTED })],
    ['a slow failure in a pause, which goes on', open(PAUSED), failSlowly, open({ ...ANSWERED, ...PAUSED, ...NOTED })],
    [
      'a slow failure while a flush waits',
      open({ waitingFlushes: 1 }),
      failSlowly,
      open({ ...ANSWERED, ...PAUSED, ...NOTED, waitingFlushes: 1 }),
    ],
    ['a slow failure while it closes', closing({ waitingFlushes: 1 }), failSlowly, closed(2)],
    ['a slow failure in a pause while it closes', closing(PAUSED), failSlowly, closed(2)],
  ])('%s', (_, before, event, after) => {
    expect(event(before)).toStrictEqual(after);
  });
});

describe('the next request', () => {
  it.each<[string, SpanQueueState, number, number | undefined]>([
    ['has the only batch', open({ requests: 0 }), 1, 1],
    ['has one batch of those that fit into four requests', open({ requests: 0 }), 4, 1],
    ['shares the batches that pile up', open({ requests: 0 }), 5, 2],
    ['is the fourth', open({ requests: 3 }), 32, 8],
    ['has eight batches at most', open(), 50_000, 8],
    ['has one batch after a pause', open({ pausesInARow: 1 }), 50_000, 1],
    ['is sent while the queue closes', closing(), 12, 3],
    ['is not sent without a batch', open(), 0, undefined],
    ['is not sent beside four others', open({ requests: 4 }), 1, undefined],
    ['is not sent in a pause', open(PAUSED), 1, undefined],
    ['is not sent in a pause though the last one was delivered', open({ ...PAUSED, pausesInARow: 0 }), 1, undefined],
    ['is not sent by a closed queue', closed(1), 1, undefined],
  ])('%s', (_, before, waiting, batches) => {
    const next = startRequest(before, waiting);
    expect(next?.batches).toBe(batches);
    if (next !== undefined && before.phase !== 'closed') {
      expect(next.state).toStrictEqual({ ...before, requests: before.requests + 1 });
    }
  });
});

it('pauses twice as long with every failure, up to five seconds, and briefly again after a delivery', () => {
  const failAndWait = (state: RunningSpanQueue): [number | undefined, RunningSpanQueue] => {
    const after = failFast({ ...state, requests: 1 });
    return [currentPauseMs(after), pauseEnded(after) as RunningSpanQueue];
  };
  const pauses: (number | undefined)[] = [];
  let state: RunningSpanQueue = open();
  for (let i = 0; i < 2_000; i += 1) {
    const [pauseMs, next] = failAndWait(state);
    pauses.push(pauseMs);
    state = next;
  }
  expect(pauses.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  expect(new Set(pauses.slice(3))).toEqual(new Set([5_000]));
  expect(failAndWait(deliver({ ...state, requests: 1 }))[0]).toBe(1_000);
});
