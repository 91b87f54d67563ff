import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sequential, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('sequential', () => {
  it('gives each step the output of the one before', async () => {
    await expect(sequential(double, increment, double).execute(5)).resolves.toBe(22);
    telemetry.expectSpans(`
      sequential SequentialPrimitive
        task double
        task increment
        task double
    `);
    await telemetry.expectMetric(
      'tta_workflow_executions_total',
      { workflow_name: 'SequentialPrimitive', status: 'success' },
      1,
    );
  });

  it('does not start the next step after an abort', async () => {
    const controller = new AbortController();
    const steps = sequential(
      task('abort', (n: number) => {
        controller.abort(new Error('stop'));
        return n;
      }),
      increment,
    );
    await expect(steps.execute(1, { signal: controller.signal })).rejects.toThrow('stop');
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'sequential', outcome: 'cancelled' },
      1,
    );
  });

  it('refuses no steps and a step that is no primitive', () => {
    expect(() => (sequential as () => unknown)()).toThrow('sequential: needs at least one step, got none');
    expect(() => sequential(double, ((n: number) => n) as never)).toThrow(
      "sequential: step 2 must be a primitive, got a function; wrap the function: task('name', fn)",
    );
  });
});
