import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  admitSpan,
  beginClosing,
  closeQueue,
  currentPauseMs,
  EMPTY_SPAN_QUEUE,
  flushEnded,
  flushStarted,
  MAX_REQUESTS,
  pauseEnded,
  requestDelivered,
  requestFailed,
  type SpanQueueState,
  startRequest,
} from '../../src/sdk/span-queue-state.ts';

type Outcome = 'delivered' | 'lost' | 'busy' | 'asked' | 'unreachable';
const anyOutcome = fc.constantFrom<Outcome>('delivered', 'delivered', 'lost', 'busy', 'asked', 'unreachable');

type Step =
  | { readonly do: 'admit'; readonly spans: number }
  | { readonly do: 'export'; readonly batches: number }
  | { readonly do: 'answer'; readonly which: number; readonly outcome: Outcome }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'flush' | 'endFlush' | 'beginClosing' | 'close' };

const step = {
  admit: fc.record({ do: fc.constant('admit' as const), spans: fc.integer({ min: 1, max: 40 }) }),
  export: fc.record({ do: fc.constant('export' as const), batches: fc.integer({ min: 1, max: 20 }) }),
  answer: fc.record({ do: fc.constant('answer' as const), which: fc.nat(3), outcome: anyOutcome }),
  wait: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 99, 500, 1_000, 5_000) }),
  flush: fc.constantFrom<Step>({ do: 'flush' }, { do: 'endFlush' }),
  end: fc.constantFrom<Step>({ do: 'beginClosing' }, { do: 'beginClosing' }, { do: 'close' }),
};
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: step.admit },
  { weight: 30, arbitrary: step.export },
  { weight: 60, arbitrary: step.answer },
  { weight: 30, arbitrary: step.wait },
  { weight: 8, arbitrary: step.flush },
  { weight: 2, arbitrary: step.end },
);

const RULES = { maxPending: 100, maxPendingBytes: 900, slowFailureMs: 1_000, longestLastWaitMs: 2_000 };
const BYTES = 10;
const ASKED_MS = 3_000;
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** Drives the state as the queue does, and keeps the batches, the pause and the totals by itself. */
class Owner {
  readonly seen = new Set<string>();
  #state = EMPTY_SPAN_QUEUE;
  #now = 0;
  #offered = 0;
  #delivered = 0;
  #lost = 0;
  /** Spans that were admitted and are in no batch yet. */
  #unbatched = 0;
  /** The numbers of spans of the batches that wait. */
  #waiting: number[] = [];
  #requests: { readonly spans: number; readonly sentAt: number }[] = [];
  #flushes = 0;
  /** The end of the pause, if no flush ends it before; `undefined` where there is no pause. */
  #pausedUntil: number | undefined;

  play(next: Step): void {
    switch (next.do) {
      case 'admit':
        for (let i = 0; i < next.spans; i += 1) this.#admit();
        break;
      case 'export':
        for (let i = 0; i < next.batches && this.#unbatched > 0; i += 1) {
          this.#unbatched -= 1;
          this.#waiting.push(1);
        }
        break;
      case 'answer':
        this.#answer(next.which, next.outcome);
        break;
      case 'wait':
        this.#now += next.ms;
        if (this.#pausedUntil === undefined || this.#now < this.#pausedUntil) break;
        this.#become(pauseEnded(this.#state));
        break;
      case 'flush':
        this.#flushes += 1;
        this.#become(flushStarted(this.#state));
        break;
      case 'endFlush':
        if (this.#flushes === 0) break;
        this.#flushes -= 1;
        this.#become(flushEnded(this.#state));
        break;
      case 'beginClosing':
        this.#become(beginClosing(this.#state, this.#now));
        break;
      case 'close':
        this.#become(closeQueue(this.#state));
        break;
    }
    this.#send();
  }

  check(): void {
    const pendingSpans = this.#unbatched + sum(this.#waiting) + sum(this.#requests.map(({ spans }) => spans));
    expect(this.#offered).toBe(this.#delivered + this.#lost + pendingSpans);
    expect(pendingSpans * BYTES).toBeLessThanOrEqual(RULES.maxPendingBytes);
    expect(this.#requests.length).toBeLessThanOrEqual(MAX_REQUESTS);
    if (this.#state.phase === 'closed') return;
    const counts = {
      pendingSpans,
      pendingBytes: pendingSpans * BYTES,
      requests: this.#requests.length,
      waitingFlushes: this.#flushes,
    };
    expect(this.#state).toMatchObject(counts);
    const mustWait = this.#pausedUntil !== undefined || this.#requests.length >= this.#mostRequests();
    if (!mustWait) expect(this.#waiting, 'no batch waits without a reason').toEqual([]);
  }

  #admit(): void {
    this.#offered += 1;
    const next = admitSpan(RULES, this.#state, BYTES);
    if (typeof next === 'string') {
      this.#lost += 1;
      this.seen.add(next);
    } else {
      this.#unbatched += 1;
      this.#become(next);
    }
  }

  #send(): void {
    for (;;) {
      const next = startRequest(this.#state, this.#waiting.length);
      if (next === undefined) return;
      expect(this.#pausedUntil, 'nothing is sent in a pause').toBeUndefined();
      expect(this.#requests.length).toBeLessThan(this.#mostRequests());
      this.#requests.push({ spans: this.#waiting.shift() as number, sentAt: this.#now });
      this.#become(next);
      if (this.#requests.length === MAX_REQUESTS) this.seen.add('as many requests as allowed');
    }
  }

  /** One request at a time from a pause to the next delivery. */
  #mostRequests(): number {
    return this.#state.phase !== 'closed' && this.#state.pausesInARow > 0 ? 1 : MAX_REQUESTS;
  }

  #answer(which: number, outcome: Outcome): void {
    const state = this.#state;
    const [request] = this.#requests.splice(which % Math.max(1, this.#requests.length), 1);
    if (state.phase === 'closed' || request === undefined) return;
    const { spans, sentAt } = request;
    const load = { spans, bytes: spans * BYTES };
    if (outcome === 'delivered') {
      this.#delivered += spans;
      this.#become(requestDelivered(state, load));
      return;
    }
    if (outcome === 'lost') this.#lost += spans;
    else this.#waiting.unshift(spans);
    const retryAfterMs = outcome === 'asked' ? ASKED_MS : undefined;
    const times = { tookMs: this.#now - sentAt, failedAt: this.#now };
    this.seen.add(outcome);
    const failed = { ...load, outcome: outcome === 'asked' ? 'busy' : outcome, retryAfterMs, ...times } as const;
    this.#become(requestFailed(RULES, state, failed));
  }

  #become(next: SpanQueueState): void {
    const before = this.#state;
    this.#state = next;
    if (before.phase === 'closed') expect(next, 'a closed queue stays closed').toBe(before);
    const pauseMs = currentPauseMs(next);
    if (pauseMs === undefined) this.#pausedUntil = undefined;
    else if (pauseMs !== currentPauseMs(before)) {
      this.#pausedUntil = this.#now + pauseMs;
      this.seen.add('pause');
    }
    if (next.phase !== 'closed' || before.phase === 'closed') return;
    this.seen.add(`closed when ${before.phase}`);
    this.#lost += next.spansGivenUp;
    this.#unbatched = 0;
    this.#waiting = [];
    this.#requests = [];
    this.#pausedUntil = undefined;
  }
}

it('counts every span once, sends four requests at once at most and none in a pause, whatever happens', () => {
  const seen = {
    queue_full: 0,
    shutdown: 0,
    pause: 0,
    lost: 0,
    busy: 0,
    asked: 0,
    unreachable: 0,
    'as many requests as allowed': 0,
    'closed when open': 0,
    'closed when closing': 0,
  };
  const property = fc.property(fc.array(anyStep, { maxLength: 150, size: 'max' }), (steps) => {
    const owner = new Owner();
    for (const next of steps) {
      owner.play(next);
      owner.check();
    }
    for (const what of owner.seen) seen[what as keyof typeof seen] += 1;
  });
  fc.assert(property, { numRuns: 300 });
  for (const [what, runs] of Object.entries(seen)) expect(runs, what).toBeGreaterThan(10);
});
