import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as first from '../../src/index.ts';
import * as firstQueue from '../../src/queue/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let second: typeof first;
let secondQueue: typeof firstQueue;
beforeAll(async () => {
  vi.resetModules();
  second = await import('../../src/index.ts');
  secondQueue = await import('../../src/queue/index.ts');
});

describe('a queue between two copies of the package in one process', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('has two copies here', () => {
    expect(secondQueue.distribute).not.toBe(firstQueue.distribute);
  });

  it('brings work of one copy to a worker of the other, under the workflow that asked', async () => {
    for (const [asks, works, from] of [
      [firstQueue, secondQueue, second],
      [secondQueue, firstQueue, first],
    ] as const) {
      const queue = asks.memoryQueue('texts');
      const shout = from.task('shout', (text: string, { workflowName }) => `${text.toUpperCase()} ${workflowName}`);
      const worker = await works.startWorker({ queue, primitives: { shout } });
      const remote = asks.distribute('shout', shout, { queue });
      expect(await first.workflow('ask', second.sequential(remote)).execute('hello')).toBe('HELLO ask');
      await worker.stop(1_000);
    }
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'ask' }, 2);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'shout' }, 4);
    await telemetry.expectMetric('tta_queue_callers', {}, 0);
  });

  it('brings an error that both copies know', async () => {
    const queue = firstQueue.memoryQueue('texts');
    const slow = second.timeout(
      second.task('slow', () => new Promise<never>(() => {})),
      { timeoutMs: 1 },
    );
    const worker = await secondQueue.startWorker({ queue, primitives: { slow } });
    const error = await firstQueue
      .distribute('slow', slow, { queue })
      .execute(undefined)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(first.PrimitiveTimeoutError);
    expect(error).toBeInstanceOf(second.PrimitiveTimeoutError);
    await worker.stop(1_000);
  });

  it('has errors that both copies know', () => {
    const classes = Object.entries(firstQueue).filter(([, value]) => /^class /.test(String(value)));
    expect(classes.length).toBeGreaterThan(3);
    for (const [name, made] of classes) {
      const other = secondQueue[name as keyof typeof secondQueue] as typeof made & { readonly prototype: object };
      expect(Object.create(other.prototype), name).toBeInstanceOf(made);
    }
  });
});
