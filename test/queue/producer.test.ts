/** What the caller's end makes of messages that come twice, late, or from strangers. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { budget, retry, task, workflow } from '../../src/index.ts';
import {
  distribute,
  type JobQueue,
  type JobRun,
  memoryQueue,
  type QueueMessage,
  startWorker,
} from '../../src/queue/index.ts';
import { Producer } from '../../src/queue/producer.ts';
import { producerRecorder } from '../../src/telemetry/record/queue.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { nothingPaid, paidCall } from '../support/paid-calls.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(async () => {
  vi.useRealTimers();
  await telemetry.stop();
});

/** A queue whose worker is the test: it gets the jobs that are sent, and says what it wants. */
function spied() {
  const inner = memoryQueue('texts');
  const ids: string[] = [];
  let say: (message: QueueMessage) => void = () => {};
  const queue: JobQueue = {
    ...inner,
    send: (job, signal) => {
      ids.push(job.id);
      return inner.send(job, signal);
    },
    open: (options) => {
      say = options.on;
      return inner.open(options);
    },
  };
  const body = (head: object, payload = '') =>
    new TextEncoder().encode(`${JSON.stringify({ v: 1, run: 'r', ...head })}\n${payload}`);
  return { queue, inner, ids, say: (message: QueueMessage) => say(message), body };
}

const WORKFLOWS = [{ name: 'part', outcome: 'success', seconds: [0.1] }];
const part = workflow(
  'part',
  task('a', (x: string) => x),
);

describe('a reply', () => {
  it('counts once, however often it comes, and the first end is the one that counts', async () => {
    const { queue, ids, say, body } = spied();
    const running = distribute('part', part, { queue }).execute('x');
    await settled();
    const id = ids[0] as string;
    const first = body({ kind: 'output', codec: 'json', workflows: WORKFLOWS }, '"first"');
    say({ id, body: first });
    say({ id, body: first });
    say({ id, body: body({ run: 's', kind: 'output', codec: 'json', workflows: WORKFLOWS }, '"second"') });
    say({ id, body: body({ kind: 'error', error: { name: 'Error', message: 'third' }, workflows: WORKFLOWS }) });
    say({ id, lost: true });
    say({ id, dead: 'crashed' });
    expect(await running).toBe('first');
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'part' }, 1);
    await telemetry.expectMetric('tta_workflow_duration_seconds_count', { workflow_name: 'part' }, 1);
    await telemetry.expectMetric('tta_queue_lost_jobs_total', {}, 0);
    await telemetry.expectMetric('tta_queue_callers', {}, 0);
  });

  it('about money counts once, however often it comes', async () => {
    const { queue, ids, say, body } = spied();
    const running = distribute('part', part, { queue }).execute('x');
    await settled();
    const id = ids[0] as string;
    const spent = (n: number, dollars: number) => body({ kind: 'spent', n, items: [], decided: { failed: dollars } });
    for (const message of [spent(1, 0.5), spent(1, 0.5), spent(2, 0.25), spent(1, 0.5)]) say({ id, body: message });
    say({ id, body: body({ kind: 'output', codec: 'json' }, '"done"') });
    expect(await running).toBe('done');
    await telemetry.expectMetric('tta_llm_cost_by_use_total', {}, 0.75);
  });

  it('of a stranger, or to a call that has ended, changes nothing', async () => {
    const { queue, ids, say, body } = spied();
    const running = distribute('part', part, { queue }).execute('x');
    await settled();
    const end = body({ kind: 'output', codec: 'json', workflows: WORKFLOWS }, '"right"');
    say({ id: 'stranger', body: end });
    say({ id: 'stranger', lost: true });
    say({ id: ids[0] as string, body: end });
    expect(await running).toBe('right');
    say({ id: ids[0] as string, body: body({ kind: 'spent', n: 1, items: [], decided: { failed: 5 } }) });
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'part' }, 1);
    await telemetry.expectMetric('tta_llm_cost_by_use_total', {}, 0);
  });

  it('that says why a job is dead is shown in part, and without what looks like a credential', async () => {
    const { queue, ids, say } = spied();
    const running = distribute('part', part, { queue }).execute('x');
    await settled();
    say({ id: ids[0] as string, dead: `redis://:pass@host refused ${'x'.repeat(100_000)}` });
    const error = await running.catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'JobDeadError', message: expect.stringContaining('@host refused xxx') });
    expect((error as Error).message.length).toBeLessThan(2_500);
    expect((error as Error).message).not.toContain('pass@');
  });

  it('after the caller has gone says what was spent, and which workflows ended', async () => {
    const { queue, ids, say, body } = spied();
    const controller = new AbortController();
    // A worker has it: it is not removed from the queue.
    const deaf = { ...queue, cancel: async () => false };
    const running = distribute('part', part, { queue: deaf }).execute('x', { signal: controller.signal });
    await settled();
    controller.abort();
    await expect(running).rejects.toThrow();
    const id = ids[0] as string;
    const end = { kind: 'error', error: { name: 'AbortError', message: '' }, open: { answered: 0.5 } };
    say({ id, body: body({ ...end, workflows: [{ ...WORKFLOWS[0], outcome: 'cancelled' }] }) });
    say({ id, body: body({ ...end, workflows: WORKFLOWS }) });
    say({ id, body: body({ kind: 'spent', n: 1, items: [], open: { answered: 0.25 } }) });
    await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'part', outcome: 'cancelled' }, 1);
    await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'part' }, 1);
    await telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'aborted' }, 0.75);
    await telemetry.expectMetric('tta_llm_cost_by_use_total', {}, 0.75);
    await telemetry.expectMetric('tta_queue_callers', {}, 0);
  });

  it('to a job that was taken out of the queue is none: its caller does not listen', async () => {
    const { queue, ids, say, body } = spied();
    const controller = new AbortController();
    const running = distribute('part', part, { queue }).execute('x', { signal: controller.signal });
    await settled();
    controller.abort();
    await expect(running).rejects.toThrow();
    await settled();
    say({ id: ids[0] as string, body: body({ kind: 'spent', n: 1, items: [], decided: { failed: 0.5 } }) });
    await telemetry.expectMetric('tta_llm_cost_by_use_total', {}, 0);
  });

  it('is waited for by no more than 10,000 calls whose callers have gone: of more the oldest is given up', () => {
    const recorded = producerRecorder('texts');
    const producer = new Producer(memoryQueue('texts'), recorded);
    const abandoned: string[] = [];
    const leave = (id: string) => {
      const abandon = () => {
        abandoned.push(id);
        producer.forget(id);
      };
      producer.listen(id, { receive: () => {}, abandon });
      producer.leave(id);
    };
    for (let i = 0; i < 10_000; i += 1) leave(`${i}`);
    expect(abandoned).toEqual([]);
    leave('one more');
    expect(abandoned).toEqual(['0']);
    for (let i = 1; i < 10_000; i += 1) producer.forget(`${i}`);
    producer.forget('one more');
  });

  it('is waited for a minute after the caller has gone: then what was held is taken as spent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const clock = createVirtualClock();
    const { queue, inner } = spied();
    const deaf: JobQueue = { ...queue, cancel: async () => false };
    const silent: JobQueue = {
      ...inner,
      // Its worker dies as soon as it may make the call.
      work: (handler, options) =>
        inner.work((job, run: JobRun) => {
          let replies = 0;
          const reply = (message: Uint8Array) => {
            replies += 1;
            return replies > 2 ? new Promise<never>(() => {}) : run.reply(message);
          };
          return handler(job, { ...run, reply });
        }, options),
    };
    const paid = nothingPaid();
    const call = paidCall('call', paid);
    await startWorker({ queue: silent, primitives: { call }, clock });
    const limited = budget(distribute('call', call, { queue: deaf }), { limitUsd: 1, per: 'all' });
    const controller = new AbortController();
    const context = { context: { clock }, signal: controller.signal };
    const running = limited.execute({ needs: 0.4, ms: 10_000 }, context).catch((error: Error) => error.name);
    await clock.advance(100);
    controller.abort();
    expect(await running).toBe('AbortError');
    const asked = () =>
      limited.execute({ needs: 0.9 }, { context: { clock } }).catch(({ spentUsd, heldUsd }) => ({ spentUsd, heldUsd }));
    expect(paid.calls).toBe(1);
    const before = asked();
    await clock.advance(100);
    expect(await before).toEqual({ spentUsd: 0, heldUsd: 0.4 });
    vi.advanceTimersByTime(61_000);
    const after = asked();
    await clock.advance(100);
    expect(await after).toEqual({ spentUsd: 0.4, heldUsd: 0 });
  });
});

describe('a job that was not answered', () => {
  it('is lost or dead for its caller, is counted, and can be tried again as a new job', async () => {
    const { queue, ids, say, body } = spied();
    const remote = retry(distribute('part', part, { queue }), { maxRetries: 2, initialDelayMs: 0, when: () => true });
    const running = remote.execute('x');
    await vi.waitFor(() => expect(ids).toHaveLength(1));
    say({ id: ids[0] as string, lost: true });
    await vi.waitFor(() => expect(ids).toHaveLength(2));
    say({ id: ids[1] as string, dead: 'crashed: it ended its workers' });
    await vi.waitFor(() => expect(ids).toHaveLength(3));
    say({ id: ids[2] as string, body: body({ kind: 'output', codec: 'json' }, '"done"') });
    expect(await running).toBe('done');
    expect(new Set(ids).size).toBe(3);
    await telemetry.expectMetric('tta_queue_lost_jobs_total', { queue_name: 'texts' }, 1);
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'distribute', outcome: 'failure' },
      2,
    );
  });

  it('is sent again under the same id where it is not known whether the engine has it', async () => {
    const { queue, ids } = spied();
    let tries = 0;
    const unsure: JobQueue = {
      ...queue,
      send: async (job, signal) => {
        await queue.send(job, signal);
        tries += 1;
        if (tries < 3) throw new Error('the connection ended');
      },
    };
    await startWorker({ queue, primitives: { part } });
    expect(await distribute('part', part, { queue: unsure }).execute('x')).toBe('x');
    expect(new Set(ids).size).toBe(1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'part' }, 1);
    await telemetry.expectMetric('tta_queue_errors_total', { queue_name: 'texts', operation: 'send' }, 2);
  });
});

describe('a job of which an engine does not say whether it has it', () => {
  it('is sent three times, as one job, and its caller gets the error of the engine', async () => {
    const clock = createVirtualClock();
    const { queue, ids } = spied();
    const unsure: JobQueue = {
      ...queue,
      send: async ({ id }) => {
        ids.push(id);
        throw new Error('the connection was cut');
      },
    };
    const running = distribute('part', part, { queue: unsure }).execute('x', { context: { clock } });
    const failed = running.catch((error: Error) => error.message);
    await clock.advance(10_000);
    expect(ids).toHaveLength(3);
    expect(await failed).toBe('the connection was cut');
    expect(new Set(ids).size).toBe(1);
    await telemetry.expectMetric('tta_queue_errors_total', { operation: 'send' }, 3);
  });
});
