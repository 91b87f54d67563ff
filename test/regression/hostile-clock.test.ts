/**
 * A clock at the epoch looked like no clock: its spans never ended. One that said NaN made the sum of all durations NaN
 * for good, one that threw failed the work and left it active. One that threw when a timer was cancelled kept an aborted
 * retry waiting for ever.
 */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  cache,
  hedge,
  rateLimit,
  retry,
  retryBudget,
  sequential,
  stream,
  task,
  timeout,
} from '../../src/index.ts';
import { createClock } from '../../src/platform/clock.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const never = () => () => {};

it('observes an execution that begins at the epoch itself', async () => {
  const clock = createVirtualClock(0);
  await task('t', () => 1).execute(undefined, { context: { clock } });
  await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: 'task' }, 1);
  telemetry.expectSpans('task t');
});

it.each([
  ['is no number', () => Number.NaN],
  ['is endless', () => Number.POSITIVE_INFINITY],
  [
    'cannot be told',
    () => {
      throw new Error('no time');
    },
  ],
])('counts and traces work by a clock whose time %s, and spoils no sum', async (_, now) => {
  const context = { clock: createClock(now, never) };
  const narrow = bulkhead(
    task('t', async () => {}),
    { concurrency: 1, maxQueue: 2 },
  );
  await Promise.all([1, 2, 3].map(() => narrow.execute(undefined, { context })));
  const chunks = stream('s', async function* () {
    yield 1;
  });
  for await (const chunk of await chunks.execute(undefined, { context })) expect(chunk).toBe(1);
  await task('fine', () => 1).execute();

  await telemetry.expectMetric('tta_primitive_executions_total', { status: 'success' }, 8);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
  await telemetry.expectMetric('tta_bulkhead_running', {}, 0);
  const { samples } = await telemetry.scrape();
  expect(samples.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
  const times = telemetry.spans().flatMap(({ startTime, endTime }) => [...startTime, ...endTime]);
  expect(times).toHaveLength(8 * 4);
  expect(times.filter((time) => !Number.isFinite(time))).toEqual([]);
});

it('keeps a retry budget by a clock that begins before the epoch', async () => {
  const clock = createVirtualClock(-12_345);
  const error = new Error('mine');
  const failing = retry(
    task('t', () => Promise.reject(error)),
    { budget: retryBudget(), maxRetries: 1, initialDelayMs: 0 },
  );
  const outcome = expect(failing.execute(undefined, { context: { clock } })).rejects.toBe(error);
  await clock.advance(1);
  await outcome;
});

it('refuses a clock that is none, before anything is counted', async () => {
  const running = task('t', () => 1).execute(undefined, { context: { clock: { now: Date.now } as never } });
  await expect(running).rejects.toThrow('ExecuteOptions: context.clock.sleep must be a function, got undefined');
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
});

describe('a clock that fails to cancel a timer', () => {
  const context = {
    clock: createClock(
      () => performance.now(),
      () => () => {
        throw new Error('no such timer');
      },
    ),
  };
  const answer = task('answer', async () => 'answer');
  const failing = task('failing', () => Promise.reject(new Error('not yet')));

  it.each([
    ['timeout', timeout(answer, { timeoutMs: 60_000 })],
    ['timeout with a grace', timeout(answer, { timeoutMs: 60_000, mode: 'cooperative' })],
    ['retry', retry(answer, { deadlineMs: 60_000 })],
    ['hedge', hedge(answer, { delayMs: 60_000 })],
    [
      'cache',
      cache(answer, { key: () => 'k', store: { type: 's', get: () => null, set: () => {}, delete: () => {} } }),
    ],
  ] as const)('takes no answer of %s away', async (_, primitive) => {
    expect(await primitive.execute(undefined, { context })).toBe('answer');
  });

  it.each([
    ['retry', retry(failing, { when: () => true })],
    ['rateLimit', sequential(rateLimit(answer, { permits: 1, perMs: 60_000 }), failing)],
    [
      'timeout',
      timeout(
        task('hang', () => new Promise<never>(() => {})),
        { timeoutMs: 60_000, mode: 'cooperative' },
      ),
    ],
  ] as const)('keeps no execution of %s that is aborted', async (_, primitive) => {
    const aborting = new AbortController();
    const executions = [1, 2].map(() => primitive.execute(undefined, { context, signal: aborting.signal }));
    const ended = Promise.allSettled(executions);
    await setImmediate();
    const enough = new Error('enough');
    aborting.abort(enough);
    expect((await ended).map((end) => end.status === 'rejected' && end.reason)).toContain(enough);
  });
});
