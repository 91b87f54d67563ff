import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SpanQueue, type SpanQueueOptions } from '../../src/sdk/span-queue.ts';
import { lostSpans } from '../../src/telemetry/instruments.ts';
import { settled } from '../../src/testing/index.ts';

type Done = Parameters<SpanExporter['export']>[1];
const collectGarbage = (globalThis as { gc?: () => void }).gc as () => void;
const OK = { code: 0 };
const FAILED = { code: 1 };
const spans = (n: number) => Array.from({ length: n }, () => ({}) as ReadableSpan);

/** A queue over an exporter whose answers the test gives. */
function queueOver(answer: (done: Done, spans: number) => void, options: Partial<SpanQueueOptions> = {}) {
  const failures: (Error | undefined)[] = [];
  const queue = new SpanQueue({
    exporter: { export: (sent, done) => answer(done, sent.length), shutdown: async () => {} },
    maxPending: 100_000,
    slowFailureMs: 1_000,
    onFirstFailure: (error) => failures.push(error),
    ...options,
  });
  const hand = (count: number) => {
    for (let i = 0; i < count; i++) if (queue.admit()) queue.export(spans(1), () => {});
  };
  return { queue, hand, failures };
}

const REASONS = ['queue_full', 'export_failed', 'shutdown'] as const;
const lostSoFar = () => REASONS.map((reason) => lostSpans(reason).value);

/** Takes over the timer of the pause and the clock that measures a request. */
function fakeTime() {
  // At the time 0: a `Date` ahead of `performance` would move the clock forward.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: 0 });
}

describe('the queue', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends four batches at once, the others as those end', async () => {
    const open: Done[] = [];
    let most = 0;
    const { queue, hand } = queueOver((done) => {
      open.push(done);
      most = Math.max(most, open.length);
    });
    hand(20);
    const flushed = queue.forceFlush();
    for (let done = open.shift(); done !== undefined; done = open.shift()) done(OK);
    await flushed;
    expect(most).toBe(4);
    expect(queue.close()).toBe(0);
  });

  it('gets through a long queue whose exports end before they return', async () => {
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => {
      if (open.length < 4) open.push(done);
      else done(OK);
    });
    hand(50_000);
    const flushed = queue.forceFlush();
    for (const done of [...open]) done(OK);
    await flushed;
    expect(queue.close()).toBe(0);
  });

  it('takes an exporter that throws, or answers twice, for one that failed, or answered once', async () => {
    let calls = 0;
    const { queue, hand, failures } = queueOver((done) => {
      calls += 1;
      if (calls === 1) throw new Error('cannot be written as JSON');
      done(OK);
      done(OK);
    });
    hand(2);
    await queue.forceFlush();
    expect(calls).toBe(2);
    expect(failures).toEqual([new Error('cannot be written as JSON')]);
    hand(1);
    expect(queue.close()).toBe(0);
  });

  it('counts what is under way when it is closed once, whatever becomes of it', async () => {
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => open.push(done));
    hand(6);
    expect(queue.close()).toBe(6);
    for (const done of open) done(OK);
    await queue.forceFlush();
    expect(queue.close()).toBe(6);
    expect(queue.admit()).toBe(false);
  });

  it('drops a batch that is exported after the close, because its spans are counted already', async () => {
    const { queue } = queueOver((done) => done(OK));
    queue.admit();
    expect(queue.close()).toBe(1);
    const before = lostSoFar();
    queue.export(spans(1), () => {});
    await queue.forceFlush();
    expect(lostSoFar()).toEqual(before);
  });

  it.each([
    ['sent', 1],
    ['waiting', 0],
  ])(
    'flushes until every batch exported before is delivered or lost, also if one that was %s is the last',
    async (_, index) => {
      const open: Done[] = [];
      const { queue, hand } = queueOver((done) => open.push(done));
      let isFlushed = false;
      hand(5);
      void queue.forceFlush().then(() => {
        isFlushed = true;
      });
      hand(1);
      for (const answer of [OK, FAILED, OK, OK]) {
        open.splice(index, 1)[0]?.(answer);
        await settled();
        expect(isFlushed).toBe(false);
      }
      open.shift()?.(FAILED);
      await settled();
      expect(isFlushed).toBe(true);
      expect(queue.close()).toBe(1);
    },
  );

  it('keeps no span that is delivered, lost or given up', async () => {
    const answers = [OK, FAILED];
    const { queue } = queueOver((done) => {
      const answer = answers.shift();
      if (answer !== undefined) done(answer);
    });
    const exported = (count: number) =>
      spans(count).map((span) => {
        if (queue.admit()) queue.export([span], () => {});
        return new WeakRef(span);
      });
    const collected = (refs: readonly WeakRef<ReadableSpan>[]) =>
      vi.waitFor(
        () => {
          collectGarbage();
          expect(refs.filter((span) => span.deref() !== undefined)).toEqual([]);
        },
        { timeout: 10_000 },
      );
    await collected(exported(2));
    void queue.forceFlush();
    const left = exported(6);
    queue.close();
    await collected(left);
    expect(queue.admit()).toBe(false);
  });

  it('pauses after a failure, longer after the next one, and a flush ends the pause', async () => {
    fakeTime();
    const open: Done[] = [];
    let sent = 0;
    const { queue, hand } = queueOver((done) => {
      open.push(done);
      sent += 1;
    });
    const sentAfter = (ms: number) => {
      vi.advanceTimersByTime(ms);
      return sent;
    };
    hand(7);
    open.pop()?.(FAILED);
    expect(sentAfter(999)).toBe(4);
    expect(sentAfter(1)).toBe(5);
    open.pop()?.(FAILED);
    expect(sentAfter(1_999)).toBe(5);
    expect(sentAfter(1)).toBe(6);
    open.pop()?.(FAILED);
    const flushed = queue.forceFlush();
    expect(sentAfter(0)).toBe(7);
    for (const done of open.splice(0)) done(OK);
    await flushed;
    expect(vi.getTimerCount()).toBe(0);
    hand(1);
    open.pop()?.(FAILED);
    expect(vi.getTimerCount()).toBe(1);
    queue.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is closed by the next slow failure after closeOnSlowFailure, not by a fast one', async () => {
    fakeTime();
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => open.push(done));
    hand(5);
    queue.closeOnSlowFailure();
    vi.advanceTimersByTime(999);
    open.pop()?.(FAILED);
    expect(queue.admit()).toBe(true);
    const flushed = queue.forceFlush();
    vi.advanceTimersByTime(1);
    const before = lostSoFar();
    open.shift()?.(FAILED);
    await flushed;
    expect(lostSoFar().map((count, i) => count - (before[i] as number))).toEqual([0, 1, 4]);
    expect(queue.close()).toBe(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [99, false],
    [100, true],
  ])('takes spans after closeOnSlowFailure %d ms after a slow failure: %s', (ms, takes) => {
    fakeTime();
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => open.push(done));
    hand(1);
    vi.advanceTimersByTime(1_000);
    open.pop()?.(FAILED);
    vi.advanceTimersByTime(ms);
    queue.closeOnSlowFailure();
    expect(queue.admit()).toBe(takes);
    queue.close();
  });

  it('counts every span once and reports one failure, whatever the exporter does', async () => {
    const anyAnswer = fc.constantFrom(
      'delivered',
      'delivered later',
      'failed',
      'failed later',
      'failed too late',
      'throws',
    );
    const property = fc.asyncProperty(fc.array(anyAnswer, { minLength: 1 }), fc.nat(60), async (answers, batches) => {
      const before = lostSoFar();
      const later: (() => void)[] = [];
      const tooLate: (() => void)[] = [];
      let exports = 0;
      let delivered = 0;
      const { queue, hand, failures } = queueOver(
        (done, count) => {
          const deliver = () => {
            delivered += count;
            done(OK);
          };
          const answer = answers[exports++ % answers.length];
          if (answer === 'delivered') deliver();
          if (answer === 'delivered later') later.push(deliver);
          if (answer === 'failed') done(FAILED);
          if (answer === 'failed later') later.push(() => done(FAILED));
          if (answer === 'failed too late') tooLate.push(() => done(FAILED));
          if (answer === 'throws') throw new Error('cannot be written as JSON');
        },
        { maxPending: 40 },
      );
      hand(batches);
      const flushed = queue.forceFlush();
      for (const answer of later) answer();
      hand(batches);
      queue.close();
      await flushed;
      for (const answer of tooLate) answer();
      hand(1);
      const lost = lostSoFar().map((count, i) => count - (before[i] as number)) as [number, number, number];
      expect(delivered + lost[0] + lost[1] + lost[2]).toBe(2 * batches + 1);
      expect(failures).toHaveLength(lost[1] > 0 ? 1 : 0);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
