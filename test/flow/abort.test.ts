import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conditional, parallel, router, sequential, task, workflow } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

describe('an abort', () => {
  it('reaches the innermost wait through every layer, and nothing is left waiting', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const wait = task('wait', (_: void, context) => context.clock.sleep(60_000, context.signal));
    const deep = workflow(
      'deep',
      parallel([sequential(conditional(() => true, wait, wait)), router(() => 'a', { a: wait })]),
    );
    const running = deep.execute(undefined, { signal: controller.signal, context: { clock } });
    await settled();
    expect(clock.pending).toBe(2);
    const reason = new Error('stop all');
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(running).rejects.toBe(reason);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });
});
