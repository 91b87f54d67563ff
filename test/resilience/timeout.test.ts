import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrimitiveTimeoutError, sequential, task, timeout } from '../../src/index.ts';
import { createVirtualClock, scriptedTask, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

describe('timeout', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('passes the result on and leaves no timer', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ result: 'ok', delayMs: 50 }]);
    const running = timeout(inner, { timeoutMs: 100 }).execute('x', { context: { clock } });
    await clock.advance(50);
    await expect(running).resolves.toBe('ok');
    expect(clock.pending).toBe(0);
  });

  it('rejects at the deadline, aborts the work, and all that it ended is counted once, as a timeout', async () => {
    const clock = createVirtualClock();
    let reason: unknown;
    const stubborn = task('stubborn', (_: string, context) => {
      context.signal.addEventListener('abort', () => {
        reason = context.signal.reason;
      });
      return new Promise<string>(() => {});
    });
    const running = sequential(timeout(stubborn, { timeoutMs: 100, name: 'deadline' })).execute('x', {
      context: { clock },
    });
    running.catch(() => {});
    await clock.advance(100);
    await expect(running).rejects.toThrow('deadline did not finish within 100 ms');
    await expect(running).rejects.toBeInstanceOf(PrimitiveTimeoutError);
    expect(reason).toBe(await running.catch((error) => error));
    for (const [type, outcome] of [
      ['timeout', 'timeout'],
      ['sequential', 'timeout'],
      ['task', 'timeout'],
    ] as const) {
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type, outcome }, 1);
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type }, 1);
      await telemetry.expectMetric('tta_execution_duration_seconds_sum', { primitive_type: type }, 0.1);
    }
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('hands on an abort from outside as that and not as a timeout', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const inner = task('inner', () => new Promise<string>(() => {}));
    const running = timeout(inner, { timeoutMs: 100 }).execute(undefined, {
      signal: controller.signal,
      context: { clock },
    });
    const reason = new Error('outside');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'timeout', outcome: 'cancelled' },
      1,
    );
  });

  it.each([
    [{}, 'TimeoutOptions: must say how long, by timeoutMs, idleMs or both, got neither'],
    [{ timeoutMs: -1 }, 'TimeoutOptions: timeoutMs must be a finite number, 0 or more, got -1'],
    [{ timeout: 5 }, 'did you mean timeoutMs?'],
    [undefined, 'TimeoutOptions: must be an object such as { timeoutMs: … }, got undefined'],
  ])('refuses %j at construction', (options, message) => {
    expect(() =>
      timeout(
        task('t', () => 1),
        options as never,
      ),
    ).toThrow(message);
  });
});
