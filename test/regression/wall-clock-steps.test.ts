/**
 * One wrong reading of the wall clock stayed for the life of the process, and a step of an hour made a step of 20 ms one of
 * an hour: durations, timeouts, rates and the ages of cached values come from a clock that nobody sets.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cache, circuitBreaker, PrimitiveTimeoutError, rateLimit, retry, task, timeout } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const HOUR = 3_600_000;
let telemetry: TestTelemetry;
let ahead = 0;
beforeEach(() => {
  telemetry = startTestTelemetry();
  ahead = 0;
  const real = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + ahead);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await telemetry.stop();
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it.each([HOUR, -HOUR, Date.UTC(2099, 0, 1) - Date.now()])(
  'measures an execution, in its metrics and its span, by what has passed when the clock is set by %d ms',
  async (step) => {
    const parent = retry(
      task('inner', async () => {
        await pause(20);
        ahead = step;
        await pause(20);
      }),
    );
    await parent.execute(undefined);
    const sums = (await telemetry.scrape()).samples.filter(({ name }) => name === 'tta_execution_duration_seconds_sum');
    expect(sums).toHaveLength(2);
    for (const { value } of sums) {
      expect(value).toBeGreaterThan(0.03);
      expect(value).toBeLessThan(5);
    }
    for (const { startTime, duration } of telemetry.spans()) {
      expect(duration[0]).toBeLessThan(5);
      expect(Math.abs(startTime[0] - Date.now() / 1_000 + step / 1_000)).toBeLessThan(60);
    }
    await task('later', () => 1).execute(undefined);
    const later = telemetry.spans().find(({ name }) => name === 'task later');
    expect(Math.abs((later?.startTime[0] ?? 0) - Date.now() / 1_000)).toBeLessThan(60);
  },
);

it('changes no age of a cached value, no timeout, no rate and no open circuit by a clock that is set', async () => {
  let calls = 0;
  const kept = cache(
    task('work', () => (calls += 1)),
    { key: () => 'a', ttlMs: 60_000, maxEntries: 10 },
  );
  await kept.execute(undefined);
  const limited = rateLimit(
    task('t', () => 1),
    { permits: 1, perMs: 60_000, mode: 'reject' },
  );
  await limited.execute(undefined);
  const down = task('down', () => Promise.reject(new Error('down')));
  const guarded = circuitBreaker(down, { consecutiveFailures: 1, openMs: 60_000 });
  await guarded.execute(undefined).catch(() => {});
  const slow = timeout(
    task('slow', () => pause(50).then(() => 'done')),
    { timeoutMs: 10_000 },
  );
  const running = slow.execute(undefined);

  ahead = HOUR;
  expect(await kept.execute(undefined)).toBe(1);
  await expect(limited.execute(undefined)).rejects.toMatchObject({ name: 'RateLimitError' });
  const refused = await guarded.execute(undefined).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'CircuitOpenError' });
  const { until, retryAfterMs } = refused as { until: number; retryAfterMs: number };
  expect(Math.abs(until - Date.now() - retryAfterMs)).toBeLessThan(2_000);
  expect(await running).toBe('done');

  ahead = -HOUR;
  const late = timeout(
    task('late', () => pause(5_000)),
    { timeoutMs: 20 },
  ).execute(undefined);
  await expect(late).rejects.toBeInstanceOf(PrimitiveTimeoutError);
});
