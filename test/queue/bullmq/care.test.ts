import { expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { standsStill } from '../../../src/queue/bullmq/care.ts';

const long = 31_000;
const idle = { running: 0, lastArrival: systemClock.now() - long };
const waits = (ms: number | undefined) => async () => ms;

it('says that a worker stands still when it gets nothing although a job has waited for long', async () => {
  expect(await standsStill({ ...idle, oldestMs: waits(long) })).toBe(true);
});

it('does not say so of one that works, that has just been given a job, or for which there is nothing', async () => {
  expect(await standsStill({ ...idle, running: 1, oldestMs: waits(long) })).toBe(false);
  expect(await standsStill({ ...idle, lastArrival: systemClock.now(), oldestMs: waits(long) })).toBe(false);
  expect(await standsStill({ ...idle, oldestMs: waits(1_000) })).toBe(false);
  expect(await standsStill({ ...idle, oldestMs: waits(undefined) })).toBe(false);
});
