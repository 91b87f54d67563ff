import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sequential, task, workflow } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('workflow', () => {
  it('gives an unnamed composition its name: one span, one count', async () => {
    await workflow('maths', sequential(double, increment)).execute(1);
    telemetry.expectSpans(`
      invoke_workflow maths
        task double
        task increment
    `);
    await telemetry.expectMetric('tta_workflow_executions_total', {}, 1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'maths', status: 'success' }, 1);
    await telemetry.expectMetric(
      'tta_primitive_executions_total',
      { primitive_type: 'sequential', primitive_name: 'maths', status: 'success' },
      1,
    );
  });

  it('runs around a primitive that has a name already', async () => {
    await workflow('outer', workflow('inner', double)).execute(1);
    telemetry.expectSpans(`
      invoke_workflow outer
        invoke_workflow inner
          task double
    `);
    await telemetry.expectMetric('tta_workflow_executions_total', { status: 'success' }, 2);
  });

  it('can be found in the traces by the id that the context tells', async () => {
    let id = '';
    const flow = workflow(
      'lookup',
      sequential(
        task('read', (_: void, context) => {
          id = context.workflowId;
        }),
      ),
    );
    await flow.execute(undefined, { context: { sessionId: 'chat-1', tags: { team: 'search', tries: 2 } } });
    const root = telemetry.spans().find(({ name }) => name === 'invoke_workflow lookup');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(root?.attributes).toMatchObject({
      'tta.workflow.id': id,
      'tta.correlation.id': id,
      'session.id': 'chat-1',
      'tta.tag.team': 'search',
      'tta.tag.tries': 2,
    });
  });
});
