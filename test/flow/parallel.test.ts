import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parallel, task } from '../../src/index.ts';
import { createVirtualClock, scriptedTask, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('parallel', () => {
  it('makes a tuple of a list and an object of named branches', async () => {
    await expect(parallel([double, increment]).execute(5)).resolves.toEqual([10, 6]);
    await expect(parallel({ twice: double, more: increment }).execute(5)).resolves.toEqual({ twice: 10, more: 6 });
  });

  it('aborts the other branches when one fails, and rejects with that failure', async () => {
    const clock = createVirtualClock();
    const error = new Error('first');
    const slow = scriptedTask<number, number>('slow', [{ result: 1, delayMs: 1_000 }]);
    const failing = scriptedTask<number, number>('failing', [{ error, delayMs: 10 }]);
    const running = parallel([slow, failing]).execute(1, { context: { clock } });
    running.catch(() => {});
    await clock.advance(10);
    await expect(running).rejects.toBe(error);
    expect(clock.pending).toBe(0);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'superseded' }, 1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'failure' }, 1);
  });

  it('runs every branch to its end when told to settle', async () => {
    const error = new Error('one');
    const failing = scriptedTask<number, number>('failing', [{ error }]);
    const results = await parallel({ ok: double, bad: failing }, { mode: 'settle' }).execute(2);
    expect(results).toEqual({ ok: { status: 'fulfilled', value: 4 }, bad: { status: 'rejected', reason: error } });
  });

  it('runs no more branches at once than allowed, in order', async () => {
    const clock = createVirtualClock();
    let running = 0;
    let most = 0;
    const slow = task('slow', async (n: number, context) => {
      running += 1;
      most = Math.max(most, running);
      await context.clock.sleep(10, context.signal);
      running -= 1;
      return n;
    });
    const all = parallel(
      Array.from({ length: 7 }, () => slow),
      { concurrency: 3 },
    ).execute(1, { context: { clock } });
    await clock.advance(30);
    await expect(all).resolves.toHaveLength(7);
    expect(most).toBe(3);
  });

  it('starts no further branch after a failure', async () => {
    const failing = scriptedTask<number, number>('failing', [{ error: new Error('no') }]);
    const after = scriptedTask<number, number>('after', [{ result: 1 }]);
    await expect(parallel([failing, after], { concurrency: 1 }).execute(1)).rejects.toThrow('no');
    expect(after.calls).toEqual([]);
  });

  it('refuses wrong branches and options', () => {
    expect(() => parallel([])).toThrow('parallel: needs at least one branch, got none');
    expect(() => parallel({ x: 1 } as never)).toThrow('parallel: branch x must be a primitive, got 1');
    expect(() => parallel([double], { concurrency: 0 })).toThrow(
      'ParallelOptions: concurrency must be a whole number, 1 or more, got 0',
    );
    expect(() => parallel([double], { mode: 'all' as never })).toThrow("must be 'fail' or 'settle', got \"all\"");
  });
});
