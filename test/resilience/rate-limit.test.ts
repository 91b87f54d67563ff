import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Primitive, RateLimitError, rateLimit, retry, task } from '../../src/index.ts';
import { createClock } from '../../src/platform/clock.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

describe('rateLimit', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let startedAt: [id: number, ms: number][];
  const work = task('work', (id: number, context) => {
    startedAt.push([id, context.clock.now() - begun]);
    return id;
  });
  let begun: number;
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    begun = clock.now();
    startedAt = [];
  });
  afterEach(async () => {
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const run = <In>(primitive: Primitive<In, unknown>, input: In, signal?: AbortSignal) => {
    const running = primitive.execute(input, { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };
  const rejected = () => ({ primitive_type: 'rate_limit', outcome: 'rejected' });

  it('lets a burst through a bucket and then one after the other, in the order in which they came', async () => {
    const steady = rateLimit(work, { algorithm: 'bucket', permits: 2, perMs: 1_000, name: 'a' });
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
    await telemetry.expectMetric('tta_rate_limit_queued', { primitive_name: 'a' }, 0);
    await telemetry.expectMetric('tta_rate_limit_wait_seconds_count', { primitive_name: 'a' }, 3);
    await telemetry.expectMetric('tta_rate_limit_wait_seconds_sum', { primitive_name: 'a' }, 3);
    const waits = telemetry.spans().map(({ attributes }) => attributes['tta.rate_limit.wait_seconds']);
    expect(waits.filter((wait) => wait !== undefined)).toEqual([0.5, 1, 1.5]);
  });

  it('counts by weight, and a small one does not overtake the large one before it', async () => {
    const byTokens = rateLimit(work, {
      algorithm: 'bucket',
      permits: 100,
      perMs: 1_000,
      weight: (tokens) => tokens,
    });
    const all = [70, 80, 1].map((tokens) => run(byTokens, tokens));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(startedAt).toEqual([
      [70, 0],
      [80, 500],
      [1, 510],
    ]);
  });

  it('never starts more than its permits within any perMs, also after a rest', async () => {
    const limited = rateLimit(work, { permits: 10, perMs: 1_000 });
    await clock.advance(5_000);
    const early = run(limited, 0);
    await clock.advance(900);
    const all = [early, ...Array.from({ length: 29 }, (_, id) => run(limited, id + 1))];
    await clock.advance(3_000);
    await Promise.all(all);
    const starts = startedAt.map(([, ms]) => ms - 5_000);
    expect(starts).toEqual([0, ...Array(9).fill(900), 1_000, ...Array(9).fill(1_900), 2_000, ...Array(9).fill(2_900)]);
  });

  it('gives the permits of a window back all at once, and a small weight does not overtake a large one', async () => {
    const byTokens = rateLimit(work, { permits: 100, perMs: 1_000, weight: (tokens) => tokens });
    const all = [70, 80, 1].map((tokens) => run(byTokens, tokens));
    await clock.advance(1_000);
    await Promise.all(all);
    expect(startedAt).toEqual([
      [70, 0],
      [80, 1_000],
      [1, 1_000],
    ]);
    await expect(run(byTokens, 101)).rejects.toThrow('there are never more than permits, 100, within perMs');
  });

  it('keeps to its window on the clock of the machine, measured where the work begins', async () => {
    const starts: number[] = [];
    const limited = rateLimit(
      task('t', () => void starts.push(performance.now())),
      { permits: 5, perMs: 40 },
    );
    await Promise.all(Array.from({ length: 60 }, () => limited.execute(undefined)));
    const within = starts.map((start) => starts.filter((other) => other >= start && other < start + 40).length);
    expect(Math.max(...within)).toBeLessThanOrEqual(5);
  });

  it('refuses exactly those who would wait longer than maxWaitMs in a window of unequal weights', async () => {
    const byTokens = rateLimit(work, { permits: 10, perMs: 1_000, maxWaitMs: 1_000, weight: (tokens) => tokens });
    const first = [6, 6, 4].map((tokens) => run(byTokens, tokens));
    await expect(run(byTokens, 1)).rejects.toMatchObject({ retryAfterMs: 2_000 });
    await clock.advance(1_000);
    await Promise.all(first);
    expect(startedAt).toEqual([
      [6, 0],
      [6, 1_000],
      [4, 1_000],
    ]);
  });

  it('refuses in mode reject, says when there will be permits, and a retry waits for just that', async () => {
    const strict = rateLimit(work, { permits: 1, perMs: 1_000, mode: 'reject', name: 'api' });
    await run(strict, 0);
    await clock.advance(250);
    await expect(run(strict, 1)).rejects.toMatchObject({
      name: 'RateLimitError',
      message: 'api refused work of 1 permit: too few are left; they are free in 750 ms',
      primitiveName: 'api',
      weight: 1,
      retryAfterMs: 750,
    });
    await telemetry.expectMetric('tta_primitive_outcomes_total', rejected(), 1);
    const patient = run(retry(strict, { initialDelayMs: 1, random: () => 0 }), 2);
    await clock.advance(750);
    await patient;
    expect(startedAt).toEqual([
      [0, 0],
      [2, 1_000],
    ]);
  });

  it('refuses at once who would have to wait longer than they may, those before them included', async () => {
    const impatient = rateLimit(work, { permits: 1, perMs: 1_000, maxWaitMs: 2_000, name: 'a' });
    const all = [0, 1, 2].map((id) => run(impatient, id));
    await expect(run(impatient, 3)).rejects.toThrow(
      'a refused work of 1 permit: the wait would be longer than maxWaitMs, 2000 ms; they are free in 3000 ms',
    );
    await clock.advance(2_000);
    await Promise.all(all);
    expect(startedAt.map(([id]) => id)).toEqual([0, 1, 2]);
  });

  it('refuses who finds the queue full', async () => {
    const short = rateLimit(work, { permits: 1, perMs: 1_000, maxQueue: 1, name: 'a' });
    const all = [0, 1].map((id) => run(short, id));
    await expect(run(short, 2)).rejects.toThrow(
      'a refused work of 1 permit: maxQueue, 1, executions wait already; they are free in 2000 ms',
    );
    await clock.advance(1_000);
    await Promise.all(all);
  });

  it('refuses at once what outweighs its burst, since no wait would do', async () => {
    const byTokens = rateLimit(work, {
      algorithm: 'bucket',
      permits: 10,
      perMs: 1_000,
      burst: 50,
      weight: (tokens) => tokens,
      name: 'a',
    });
    const refusal = run(byTokens, 51);
    await expect(refusal).rejects.toBeInstanceOf(RateLimitError);
    await expect(refusal).rejects.toMatchObject({
      message: 'a refused work of 51 permits: there are never more than burst, 50, at once',
      retryAfterMs: undefined,
    });
    await expect(run(byTokens, Number.NaN)).rejects.toThrow('a: weight must be a finite number, 0 or more, got NaN');
    await expect(run(byTokens, -1)).rejects.toThrow('a: weight must be a finite number, 0 or more, got -1');
    await expect(run(byTokens, 50)).resolves.toBe(50);
  });

  it('lets the executions behind move up in the tick in which one before them is aborted', async () => {
    const byTokens = rateLimit(work, { permits: 100, perMs: 1_000, weight: (tokens) => tokens, name: 'a' });
    const controller = new AbortController();
    await run(byTokens, 90);
    const large = run(byTokens, 100, controller.signal);
    const small = run(byTokens, 10);
    await settled();
    expect(startedAt).toEqual([[90, 0]]);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(large).rejects.toBe(reason);
    await expect(small).resolves.toBe(10);
    expect(startedAt.at(-1)).toEqual([10, 0]);
    await telemetry.expectMetric('tta_rate_limit_queued', { primitive_name: 'a' }, 0);
  });

  it('leaves no timer when the last execution that waits is aborted, and keeps no permit for it', async () => {
    const steady = rateLimit(work, { permits: 1, perMs: 1_000, name: 'a' });
    await run(steady, 0);
    const controller = new AbortController();
    const waiting = [1, 2, 3].map((id) => run(steady, id, controller.signal));
    await settled();
    expect(clock.pending).toBe(1);
    controller.abort();
    expect(clock.pending).toBe(0);
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
    const next = run(steady, 4);
    await clock.advance(1_000);
    await next;
    expect(startedAt).toEqual([
      [0, 0],
      [4, 1_000],
    ]);
  });

  it('keeps the context of each caller across the queue', async () => {
    const seen: unknown[] = [];
    const inside = task('inside', async (_: number, context) => {
      await Promise.resolve();
      seen.push(context.tags.who);
    });
    const steady = rateLimit(inside, { permits: 1, perMs: 100 });
    const all = [0, 1, 2].map((id) =>
      task(`caller ${id}`, () => steady.execute(id)).execute(undefined, { context: { clock, tags: { who: id } } }),
    );
    await clock.advance(200);
    await Promise.all(all);
    expect(seen).toEqual([0, 1, 2]);
    telemetry.expectSpans(
      [0, 1, 2].map((id) => `task caller ${id}\n  rate_limit RateLimitPrimitive\n    task inside`).join('\n'),
    );
  });

  it('runs ten thousand with one timer at a time, each at its moment', async () => {
    const steady = rateLimit(work, { algorithm: 'bucket', permits: 1_000, perMs: 100, burst: 1, maxQueue: 10_000 });
    const all = Array.from({ length: 10_000 }, (_, id) => run(steady, id));
    await settled();
    expect(clock.pending).toBe(1);
    await clock.advance(1_000);
    await Promise.all(all);
    expect(startedAt.map(([id]) => id)).toEqual(Array.from({ length: 10_000 }, (_, id) => id));
    for (const [id, ms] of startedAt) expect(ms).toBe(Math.ceil(id / 10));
  });

  it('keeps a steady line at its rate though every timer comes late, and does not catch up on a long stop', async () => {
    const machine = createClock(
      () => clock.now(),
      (ms, callback) => clock.after(ms + late, callback),
    );
    let late = 3;
    const steady = rateLimit(work, { algorithm: 'bucket', permits: 1, perMs: 10, burst: 1, maxQueue: 1_000 });
    const all = Array.from({ length: 400 }, (_, id) => steady.execute(id, { context: { clock: machine } }));
    await clock.advance(2_000);
    expect(startedAt.length).toBeGreaterThanOrEqual(200);
    expect(startedAt.length).toBeLessThanOrEqual(201);
    late = 1_000;
    await clock.advance(900);
    const before = startedAt.length;
    late = 0;
    await clock.advance(113);
    expect(startedAt.length - before).toBeLessThanOrEqual(6 + 10);
    await clock.advance(4_000);
    await Promise.all(all);
  });

  it.each<[object, string]>([
    [{ permits: 0, perMs: 1 }, 'permits must be above 0, or nothing would ever run, got 0'],
    [{ permits: -1, perMs: 1 }, 'permits must be a finite number, 0 or more, got -1'],
    [{ permits: 1 }, 'perMs must be a finite number, 1 or more, got undefined'],
    [{ permits: 0.5, perMs: 1 }, 'permits must be a finite number, 1 or more, got 0.5'],
    [{ permits: 1, perMs: 1, algorithm: 'leaky' }, "algorithm must be 'window' or 'bucket', got \"leaky\""],
    [{ permits: 1, perMs: 1, burst: 2 }, "burst is of use only with algorithm 'bucket', got 2"],
    [{ permits: 1, perMs: 1, algorithm: 'bucket', burst: 0.5 }, 'burst must be a finite number, 1 or more, got 0.5'],
    [{ permits: 1, perMs: 1, mode: 'reject', maxQueue: 5 }, "maxQueue is of use only in mode 'wait', got 5"],
    [{ permits: 1, perMs: 1, mode: 'drop' }, "mode must be 'wait' or 'reject', got \"drop\""],
    [{ permits: 1, perMs: 1, mode: 'reject', maxWaitMs: 5 }, "maxWaitMs is of use only in mode 'wait'"],
    [{ permits: 1, perMs: 1, maxQueue: 0.5 }, 'maxQueue must be a whole number, 0 or more, got 0.5'],
    [{ permits: 1, perMs: 1, weight: 3 }, 'weight must be a function, got 3'],
    [{ permit: 1, perMs: 1 }, 'there is no option "permit"; did you mean permits?'],
  ])('refuses %j at construction', (options, message) => {
    const build = () => rateLimit(work, options as never);
    expect(build).toThrow('RateLimitOptions: ');
    expect(build).toThrow(message);
  });
});
