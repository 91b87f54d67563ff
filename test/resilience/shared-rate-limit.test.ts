import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Primitive,
  RateLimitError,
  type RateLimitOptions,
  type RateLimitStore,
  rateLimit,
  task,
} from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { memoryRateLimitStore } from '../support/memory-rate-limit-store.ts';
import { captureWarnings } from '../support/warnings.ts';

describe('rateLimit with a store', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let begun: number;
  let warnings: string[];
  let startedAt: [id: number, ms: number][];
  const work = task('work', (id: number, context) => {
    startedAt.push([id, context.clock.now() - begun]);
    return id;
  });
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    begun = clock.now();
    startedAt = [];
    warnings = captureWarnings();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const limit = (store: RateLimitStore, options: Partial<RateLimitOptions<number>> = {}) =>
    rateLimit(work, { name: 'a', algorithm: 'bucket', permits: 2, perMs: 1_000, store, ...options });
  const run = (primitive: Primitive<number, unknown>, id: number, signal?: AbortSignal) => {
    const running = primitive.execute(id, { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };

  it('starts them in the order in which they came, each when its permits are there', async () => {
    const steady = limit(memoryRateLimitStore(clock).store);
    const all = [0, 1, 2, 3, 4].map((id) => run(steady, id));
    await settled();
    await telemetry.expectMetric('tta_rate_limit_queued', { primitive_name: 'a' }, 3);
    expect(clock.pending).toBe(1);
    await clock.advance(1_500);
    await Promise.all(all);
    expect(startedAt).toEqual([
      [0, 0],
      [1, 0],
      [2, 500],
      [3, 1_000],
      [4, 1_500],
    ]);
    await telemetry.expectMetric('tta_rate_limit_wait_seconds_sum', { primitive_name: 'a' }, 3);
  });

  it('asks once for each execution, and says who it is once a second', async () => {
    const { store, asked } = memoryRateLimitStore(clock);
    const steady = limit(store, { permits: 1_000 });
    for (let i = 0; i < 5; i++) await run(steady, i);
    await clock.advance(1_000);
    await run(steady, 5);
    expect(asked.map(({ process }) => process !== undefined)).toEqual([true, false, false, false, false, true]);
  });

  it('moves the others up when one in the line is aborted, and gives the last permits back', async () => {
    const { store, returned } = memoryRateLimitStore(clock);
    const steady = limit(store);
    const abort = new AbortController();
    const all = [0, 1].map((id) => run(steady, id));
    const given = run(steady, 2, abort.signal);
    all.push(run(steady, 3), run(steady, 4));
    await settled();
    await clock.advance(100);
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    expect(returned).toMatchObject([{ weight: 1, readyAt: begun + 1_500 }]);
    await clock.advance(1_000);
    await Promise.all(all);
    expect(startedAt.slice(2)).toEqual([
      [3, 500],
      [4, 1_000],
    ]);
    const next = run(steady, 5);
    await clock.advance(500);
    await next;
    expect(startedAt.at(-1)).toEqual([5, 1_500]);
  });

  it('gives permits back that come after the execution was aborted', async () => {
    const { store, returned } = memoryRateLimitStore(clock);
    const answers: (() => void)[] = [];
    const slow: RateLimitStore = {
      ...store,
      take: async (request) => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return store.take(request);
      },
    };
    const abort = new AbortController();
    const given = run(limit(slow), 0, abort.signal);
    await settled();
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    for (const answer of answers) answer();
    await settled();
    expect(returned).toMatchObject([{ weight: 1 }]);
  });

  it('refuses at once who would wait for too long, or finds the line full', async () => {
    const { store } = memoryRateLimitStore(clock);
    const impatient = limit(store, { maxWaitMs: 600 });
    const all = [0, 1, 2].map((id) => run(impatient, id));
    await expect(run(impatient, 3)).rejects.toThrow('the wait would be longer than maxWaitMs, 600 ms');
    await clock.advance(500);
    await Promise.all(all);
    const short = limit(memoryRateLimitStore(clock).store, { maxQueue: 1 });
    const line = [0, 1, 2].map((id) => run(short, id));
    await settled();
    const refused = run(short, 3);
    await expect(refused).rejects.toThrow('maxQueue, 1, executions wait already');
    await expect(refused).rejects.toMatchObject({ retryAfterMs: 1_000 });
    await clock.advance(1_000);
    await Promise.all(line);
  });

  it('lets all in at once that the bucket holds, however short the line may be', async () => {
    const steady = limit(memoryRateLimitStore(clock).store, { maxQueue: 0, burst: 5 });
    const all = [0, 1, 2, 3, 4, 5, 6].map((id) => run(steady, id));
    const ends = await Promise.allSettled(all);
    expect(ends.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, true, false, false]);
  });

  it('refuses in mode reject, and says when there are permits', async () => {
    const strict = limit(memoryRateLimitStore(clock).store, { mode: 'reject' });
    await Promise.all([run(strict, 0), run(strict, 1)]);
    const refused = run(strict, 2);
    await expect(refused).rejects.toBeInstanceOf(RateLimitError);
    await expect(refused).rejects.toMatchObject({ retryAfterMs: 500 });
  });

  it('goes on with its share while the store fails, and a metric says so', async () => {
    let isAway = false;
    const steady = limit(memoryRateLimitStore(clock, { processes: 4, fails: () => isAway }).store, {
      permits: 8,
      burst: 4,
    });
    const labels = { primitive_type: 'rate_limit', primitive_name: 'a' };
    await run(steady, 0);
    await telemetry.expectMetric('tta_shared_state_local', labels, 0);
    isAway = true;
    const all = [1, 2, 3].map((id) => run(steady, id));
    await settled();
    await telemetry.expectMetric('tta_shared_state_local', labels, 1);
    await telemetry.expectMetric('tta_shared_state_errors_total', labels, 3);
    await clock.advance(2_000);
    await Promise.all(all);
    // A quarter of the 3 that were left, and 2 per second. What does not fit into a quarter of the burst makes a debt.
    expect(startedAt.slice(1)).toEqual([
      [1, 125],
      [2, 625],
      [3, 1_125],
    ]);
    isAway = false;
    await run(steady, 4);
    await telemetry.expectMetric('tta_shared_state_local', labels, 0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).not.toContain('secret');
  });

  it('waits for a store that does not answer no longer than its time limit, and then asks once a second', async () => {
    let calls = 0;
    const hung: RateLimitStore = {
      timeoutMs: 50,
      take: () => {
        calls += 1;
        return new Promise(() => {});
      },
      giveBack: () => {},
    };
    const steady = limit(hung, { permits: 1_000 });
    for (let i = 0; i < 3; i++) {
      const running = run(steady, i);
      await clock.advance(50);
      await running;
    }
    for (let i = 3; i < 100; i++) await run(steady, i);
    expect(calls).toBe(3);
    await clock.advance(1_000);
    const running = run(steady, 100);
    await clock.advance(50);
    await running;
    expect(calls).toBe(4);
  });

  it.each([
    ['nothing', undefined],
    ['no numbers', { granted: true, waitMs: Number.NaN, readyAt: 0, available: 0 }],
    ['no process', { granted: true, waitMs: 0, readyAt: 0, available: 0, processes: 0 }],
  ])('counts a store that answers %s as failed', async (_, answer) => {
    const store = { take: () => answer, giveBack: () => {} } as unknown as RateLimitStore;
    expect(await run(limit(store), 7)).toBe(7);
    await telemetry.expectMetric('tta_shared_state_errors_total', { primitive_name: 'a' }, 1);
  });

  it('never starts more than the bucket allows within any time, whatever is aborted', { timeout: 60_000 }, async () => {
    const arrival = fc.record({
      process: fc.nat(2),
      weight: fc.constantFrom(0.5, 1, 2, 3),
      afterMs: fc.nat(400),
      abortMs: fc.option(fc.nat(1_500), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 30 }), fc.constantFrom(3, 5), async (arrivals, burst) => {
        const { store } = memoryRateLimitStore(clock);
        const started: { readonly at: number; readonly weight: number }[] = [];
        const heavy = task('heavy', (weight: number, context) => {
          started.push({ at: context.clock.now(), weight });
        });
        const all = [0, 1, 2].map(() =>
          rateLimit(heavy, {
            ...{ name: 'random', algorithm: 'bucket', permits: 4, perMs: 1_000, burst, store },
            weight: (weight: number) => weight,
          }),
        );
        const running: Promise<unknown>[] = [];
        for (const { process, weight, afterMs, abortMs } of arrivals) {
          await clock.advance(afterMs);
          const abort = new AbortController();
          const execution = all[process]?.execute(weight, { context: { clock }, signal: abort.signal });
          running.push(Promise.resolve(execution).catch(() => {}));
          if (abortMs !== undefined) clock.after(abortMs, () => abort.abort());
        }
        await clock.advance(60_000);
        await Promise.all(running);
        for (const [i, { at: from }] of started.entries()) {
          let sum = 0;
          for (const { at, weight } of started.slice(i)) {
            sum += weight;
            // Timers count whole milliseconds: one may start up to a millisecond after its permits were there.
            expect(sum).toBeLessThanOrEqual(burst + ((at - from + 1) * 4) / 1_000 + 1e-6);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('shares no window', () => {
    const { store } = memoryRateLimitStore(clock);
    expect(() => rateLimit(work, { permits: 1, perMs: 1, store })).toThrow(
      "RateLimitOptions: algorithm must be 'bucket' with store: processes share no window, got undefined",
    );
  });
});
