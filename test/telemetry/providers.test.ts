import { afterEach, describe, expect, it } from 'vitest';
import { sequential, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry | undefined;
afterEach(async () => {
  await telemetry?.stop();
  telemetry = undefined;
});

describe('an SDK that comes late', () => {
  it('observes primitives that were built, and had run, before it; what ran before is not shown', async () => {
    const early = task('early', (n: number) => n);
    await early.execute(1);
    telemetry = startTestTelemetry();
    await early.execute(2);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'early', status: 'success' }, 1);
    telemetry.expectSpans('task early');
  });

  it('shows an execution that is under way as active, and counts it when it ends', async () => {
    let finish = (_: number) => {};
    const running = task(
      'long',
      () =>
        new Promise<number>((resolve) => {
          finish = resolve;
        }),
    ).execute();
    telemetry = startTestTelemetry();
    await task('other', () => 1).execute();
    await telemetry.expectMetric('tta_primitive_active', { primitive_type: 'task' }, 1);
    finish(1);
    await running;
    await telemetry.expectMetric('tta_primitive_active', { primitive_type: 'task' }, 0);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'long', status: 'success' }, 1);
  });

  it('starts from 0 when it replaces another, and the other gets nothing more', async () => {
    const steps = sequential(task('step', (n: number) => n));
    const first = startTestTelemetry();
    await steps.execute(1);
    await first.expectMetric('tta_workflow_executions_total', { workflow_name: 'SequentialPrimitive' }, 1);
    await first.stop();
    telemetry = startTestTelemetry();
    await steps.execute(1);
    await steps.execute(1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'SequentialPrimitive' }, 2);
    await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: 'sequential' }, 2);
    expect(first.spans()).toHaveLength(2 - 2);
    expect(telemetry.spans()).toHaveLength(4);
  });
});
