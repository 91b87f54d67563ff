/**
 * Timers of Node.js cut fractions of a millisecond and fire up to 1.7 ms early. A `retry` around an open circuit came back
 * before the circuit admitted a probe, and failed although the work was healthy.
 */
import { expect, it } from 'vitest';
import { circuitBreaker, retry, task } from '../../src/index.ts';
import { systemClock } from '../../src/platform/clock.ts';

it('sleeps 10,000 times on the real clock, and never ends before its time, by any clock of the machine', async () => {
  const early: number[] = [];
  const sleepFor = async (ms: number) => {
    const before = [systemClock.now(), performance.now()] as const;
    await systemClock.sleep(ms);
    const slept = [systemClock.now() - before[0], performance.now() - before[1]];
    early.push(...slept.filter((took) => took < ms).map((took) => took - ms));
  };
  await Promise.all(
    Array.from({ length: 100 }, async (_, line) => {
      for (let i = 0; i < 100; i += 1) await sleepFor(line % 2 === 0 ? 1 + (i % 20) : 0.1 + (i % 20) + line / 100);
    }),
  );
  expect(early).toEqual([]);
});

it('waits for an open circuit long enough, in 150 runs of 150', async () => {
  const run = async (openMs: number) => {
    let calls = 0;
    const healthy = task('healthy', () => {
      calls += 1;
      if (calls === 1) throw new Error('the only failure');
      return 'ok';
    });
    const guarded = circuitBreaker(healthy, { consecutiveFailures: 1, openMs });
    await guarded.execute(undefined).catch(() => {});
    return retry(guarded, { maxRetries: 1, initialDelayMs: 0, jitter: 'none' }).execute(undefined);
  };
  const outcomes: string[] = [];
  await Promise.all(
    Array.from({ length: 10 }, async (_, line) => {
      for (let i = 0; i < 15; i += 1) outcomes.push(await run(2 + i + line / 10).catch(String));
    }),
  );
  expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
});
