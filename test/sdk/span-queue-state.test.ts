import { describe, expect, it } from 'vitest';
import {
  admitSpan,
  beginClosing,
  closeQueue,
  currentPauseMs,
  flushEnded,
  flushStarted,
  pauseEnded,
  type RunningSpanQueue,
  requestDelivered,
  requestFailed,
  requestSplit,
  type SpanQueueRules,
  type SpanQueueState,
  startRequest,
} from '../../src/sdk/span-queue-state.ts';

const RULES: SpanQueueRules = {
  maxPending: 10,
  maxPendingBytes: 1_000,
  slowFailureMs: 1_000,
  longestLastWaitMs: 5_000,
};
const LOAD = { spans: 3, bytes: 300 };
const FAST = { ...LOAD, outcome: 'lost', retryAfterMs: undefined, tookMs: 999, failedAt: 7_000 } as const;
const SLOW = { ...FAST, tookMs: 1_000 };

type Open = Extract<SpanQueueState, { phase: 'open' }>;
type Closing = Extract<SpanQueueState, { phase: 'closing' }>;

const sending = { mode: 'sending' } as const;
const COUNTS = {
  pendingSpans: 5,
  pendingBytes: 500,
  requests: 2,
  waitingFlushes: 0,
  delivery: sending,
  pausesInARow: 0,
};
const PAUSED = { delivery: { mode: 'paused', pauseMs: 1_000, isAsked: false }, pausesInARow: 1 } as const;
const PAUSED_AGAIN = { delivery: { mode: 'paused', pauseMs: 2_000, isAsked: false }, pausesInARow: 2 } as const;
const ASKED = { delivery: { mode: 'paused', pauseMs: 3_000, isAsked: true }, pausesInARow: 1 } as const;
const MORE = { pendingSpans: 6, pendingBytes: 600 };
/** After the answer to a request with three spans. */
const ANSWERED = { pendingSpans: 2, pendingBytes: 200, requests: 1 };
/** After a failure that loses no span. */
const KEPT = { requests: 1 };
const NOTED = { lastSlowFailureAt: 7_000 };

const open = (more: Partial<Open> = {}): Open => ({ phase: 'open', ...COUNTS, lastSlowFailureAt: undefined, ...more });
const closing = (more: Partial<Closing> = {}): Closing => ({ phase: 'closing', ...COUNTS, ...more });
const closed = (spansGivenUp: number): SpanQueueState => ({ phase: 'closed', spansGivenUp });

const admit = (state: SpanQueueState) => admitSpan(RULES, state, 100);
const closeAt = (now: number) => (state: SpanQueueState) => beginClosing(state, now);
const deliver = (state: RunningSpanQueue) => requestDelivered(state, LOAD);
const failFast = (state: RunningSpanQueue) => requestFailed(RULES, state, FAST);
const failSlowly = (state: RunningSpanQueue) => requestFailed(RULES, state, SLOW);
const busy = (retryAfterMs?: number) => (state: RunningSpanQueue) =>
  requestFailed(RULES, state, { ...FAST, outcome: 'busy', retryAfterMs });
const unreachable = (state: RunningSpanQueue) => requestFailed(RULES, state, { ...FAST, outcome: 'unreachable' });

describe('what an event makes of the queue', () => {
  it.each<[string, SpanQueueState, (state: SpanQueueState) => unknown, unknown]>([
    ['a span in an open queue', open({ lastSlowFailureAt: 1 }), admit, open({ lastSlowFailureAt: 1, ...MORE })],
    ['a span in a closing queue', closing(), admit, closing(MORE)],
    ['a span in a pause', open(PAUSED), admit, open({ ...PAUSED, ...MORE })],
    ['the last span that fits', open({ pendingSpans: 9 }), admit, open({ pendingSpans: 10, pendingBytes: 600 })],
    ['the last bytes that fit', open({ pendingBytes: 900 }), admit, open({ pendingSpans: 6, pendingBytes: 1_000 })],
    ['bytes too many', open({ pendingBytes: 901 }), admit, 'queue_full'],
    ['a span too many', open({ pendingSpans: 10 }), admit, 'queue_full'],
    ['a span too many while it closes', closing({ pendingSpans: 10 }), admit, 'queue_full'],
    ['a span after it closed', closed(10), admit, 'shutdown'],

    ['the end of a pause', open(PAUSED), pauseEnded, open({ pausesInARow: 1 })],
    ['the end of a pause while it closes', closing(PAUSED), pauseEnded, closing({ pausesInARow: 1 })],
    ['the end of a pause after it closed', closed(1), pauseEnded, closed(1)],

    ['a flush', open(), flushStarted, open({ waitingFlushes: 1 })],
    ['a flush in a pause', open(PAUSED), flushStarted, open({ waitingFlushes: 1, pausesInARow: 1 })],
    [
      'a flush in a pause that the collector asked for',
      open(ASKED),
      flushStarted,
      open({ ...ASKED, waitingFlushes: 1 }),
    ],
    ['a second flush while it closes', closing({ waitingFlushes: 1 }), flushStarted, closing({ waitingFlushes: 2 })],
    ['a flush after it closed', closed(1), flushStarted, closed(1)],
    ['the end of a flush', open({ waitingFlushes: 2 }), flushEnded, open({ waitingFlushes: 1 })],
    ['the end of a flush in a pause', open({ ...PAUSED, waitingFlushes: 1 }), flushEnded, open(PAUSED)],
    ['the end of a flush while it closes', closing({ waitingFlushes: 1 }), flushEnded, closing()],
    ['the end of a flush after it closed', closed(1), flushEnded, closed(1)],

    ['closing', open(), closeAt(7_000), closing()],
    ['closing in a pause', open(PAUSED), closeAt(7_000), closing({ pausesInARow: 1 })],
    ['closing in a pause that the collector asked for', open(ASKED), closeAt(7_000), closing({ pausesInARow: 1 })],
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

    ['a busy collector', open(), busy(), open({ ...KEPT, ...PAUSED })],
    ['a busy collector that asks for a wait', open(), busy(3_000), open({ ...KEPT, ...ASKED })],
    [
      'a busy collector while a flush waits',
      open({ waitingFlushes: 1 }),
      busy(3_000),
      open({ ...KEPT, ...ASKED, waitingFlushes: 1 }),
    ],
    ['a second one that asks for a shorter wait', open(ASKED), busy(1_000), open({ ...KEPT, ...ASKED })],
    [
      'one that asks for a wait in a shorter pause',
      open(PAUSED),
      busy(3_000),
      open({ ...KEPT, ...ASKED, pausesInARow: 2 }),
    ],
    ['a busy collector while it closes', closing(), busy(3_000), closing({ ...KEPT, ...ASKED })],
    ['one that asks for too long a wait while it closes', closing(), busy(5_001), closed(5)],
    ['a collector that is not reached', open(), unreachable, open({ ...KEPT, ...PAUSED })],
    [
      'the same while a flush waits',
      open({ waitingFlushes: 1 }),
      unreachable,
      open({ ...KEPT, ...PAUSED, waitingFlushes: 1 }),
    ],
    ['a collector that is not reached while it closes', closing(), unreachable, closed(5)],
    ['a request that is split', open(), requestSplit, open(KEPT)],
  ])('%s', (_, before, event, after) => {
    expect(event(before)).toStrictEqual(after);
  });
});

describe('the next request', () => {
  it.each<[string, SpanQueueState, number, boolean]>([
    ['has the only batch', open({ requests: 0 }), 1, true],
    ['is the fourth', open({ requests: 3 }), 32, true],
    ['is sent while the queue closes', closing(), 12, true],
    ['is not sent without a batch', open(), 0, false],
    ['is not sent beside four others', open({ requests: 4 }), 1, false],
    ['is sent alone after a pause', open({ pausesInARow: 1, requests: 0 }), 50, true],
    ['is not sent beside another after a pause', open({ pausesInARow: 1, requests: 1 }), 50, false],
    ['is not sent in a pause', open(PAUSED), 1, false],
    ['is not sent in a pause though the last one was delivered', open({ ...PAUSED, pausesInARow: 0 }), 1, false],
    ['is not sent by a closed queue', closed(1), 1, false],
  ])('%s', (_, before, waiting, isSent) => {
    const next = startRequest(before, waiting);
    if (isSent)
      expect(next).toStrictEqual({ ...before, requests: before.phase === 'closed' ? 0 : before.requests + 1 });
    else expect(next).toBeUndefined();
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
