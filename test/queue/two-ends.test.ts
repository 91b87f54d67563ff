import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  inject,
  llmStream,
  map,
  race,
  retry,
  sequential,
  stream,
  type TimeoutOptions,
  task,
  timeout,
  type WorkflowContext,
  withContext,
  workflow,
} from '../../src/index.ts';
import { distribute, JobDeadError, type JobQueue, memoryQueue, startWorker } from '../../src/queue/index.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { captureWarnings } from '../support/warnings.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const spanOf = (name: string) => telemetry.spans().find((span) => span.name === name);

describe('the context of a job', () => {
  it('is that of its caller: ids, tags, tenant, workflow, try and baggage', async () => {
    const seen: Record<string, unknown>[] = [];
    const look = task('look', (_: string, context: WorkflowContext) => {
      const { workflowId, sessionId, correlationId, tenant, tags, workflowName, attempt, idempotencyKey } = context;
      const { baggage } = inject(context, {} as { baggage?: string });
      seen.push({ workflowId, sessionId, correlationId, tenant, tags, workflowName, attempt, idempotencyKey, baggage });
      if (attempt === 1) throw new Error('not yet');
    });
    const queue = memoryQueue('texts');
    await startWorker({ queue, primitives: { look } });
    const remote = distribute('look', look, { queue });
    const outer = workflow('outer', retry(remote, { maxRetries: 1, initialDelayMs: 0 }));
    const ids = { workflowId: 'w', sessionId: 's', correlationId: 'c', tenant: 't' };
    await outer.execute('x', { context: { ...ids, tags: { team: 'a', big: true, n: 1.5 } } });
    const expected = { ...ids, tags: { team: 'a', big: true, n: 1.5 }, workflowName: 'outer' };
    expect(seen).toEqual([
      expect.objectContaining({ ...expected, attempt: 1 }),
      expect.objectContaining({ ...expected, attempt: 2 }),
    ]);
    // Each try is a job of its own.
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
    expect(seen[0]?.idempotencyKey).toMatch(/^[\da-f-]{36}$/);
  });

  it('is in the trace of its caller, whose span has produced what the first span of the job consumes', async () => {
    const queue = memoryQueue('texts');
    const steps = sequential(
      task('a', (x: string) => x),
      task('b', (x: string) => x),
    );
    await withContext({}, () => startWorker({ queue, primitives: { steps } }));
    await workflow('outer', distribute('steps', steps, { queue })).execute('x', { context: { tags: { team: 'a' } } });
    telemetry.expectSpans(`
      invoke_workflow outer
        distribute steps
          sequential SequentialPrimitive
            task a
            task b
    `);
    expect(spanOf('distribute steps')?.kind).toBe(3);
    const first = spanOf('sequential SequentialPrimitive');
    expect(first?.kind).toBe(4);
    expect(first?.attributes).toMatchObject({
      'tta.queue.name': 'texts',
      'tta.queue.delivery': 1,
      'tta.queue.wait_seconds': expect.any(Number),
      'tta.tag.team': 'a',
      'tta.workflow.id': expect.any(String),
    });
    expect(spanOf('task a')?.attributes).not.toHaveProperty(['tta.queue.name']);
    expect(new Set(telemetry.spans().map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it('begins outside of what the worker was started in', async () => {
    const queue = memoryQueue('texts');
    let seen: WorkflowContext | undefined;
    const look = task('look', (_: string, context) => {
      seen = context;
    });
    const start = task('start', () => startWorker({ queue, primitives: { look } }));
    await workflow('starts', start).execute(undefined, { context: { tags: { of: 'the start' } } });
    await distribute('look', look, { queue }).execute('x');
    expect(seen).toMatchObject({ tags: {}, workflowName: undefined });
  });

  it('shows the details of an error once in a trace, on the span that it came from', async () => {
    const queue = memoryQueue('texts');
    const broken = task('broken', () => {
      throw new TypeError('no such text');
    });
    await startWorker({ queue, primitives: { broken } });
    await expect(distribute('broken', broken, { queue }).execute()).rejects.toThrow('no such text');
    const withDetails = telemetry.spans().filter(({ events }) => events.length > 0);
    expect(withDetails.map(({ name }) => name)).toEqual(['task broken']);
    expect(spanOf('distribute broken')?.status.message).toBe('no such text');
  });
});

describe('a cancellation', () => {
  const until = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  it('of the caller reaches the worker with its reason, and the caller is told at once', async () => {
    const queue = memoryQueue('texts');
    let reason: unknown;
    const started = deferred();
    const hang = task('hang', (_: string, { signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      started.resolve(undefined);
      return until(signal);
    });
    await startWorker({ queue, primitives: { hang } });
    const controller = new AbortController();
    const remote = distribute('hang', hang, { queue });
    const running = remote.execute('x', { signal: controller.signal });
    await started.promise;
    const mine = new Error('changed my mind');
    controller.abort(mine);
    await expect(running).rejects.toBe(mine);
    await vi.waitFor(() => expect(reason).toMatchObject({ message: 'changed my mind' }));
    await vi.waitFor(() => expect(spanOf('task hang')?.attributes).toMatchObject({ 'tta.outcome': 'cancelled' }));
  });

  it.each(['race', 'timeout'] as const)('by a %s has the outcome that it has in one process', async (by) => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const hang = task('hang', (_: string, { signal }) => until(signal));
    await startWorker({ queue, primitives: { hang }, clock });
    const remote = distribute('hang', hang, { queue });
    const quick = task('quick', async (_: string, context) => {
      await context.clock.sleep(10);
      return 'quick';
    });
    const work = by === 'race' ? race([remote, quick]) : timeout(remote, { timeoutMs: 10 });
    const running = work.execute('x', { context: { clock } }).catch((error: Error) => error.name);
    await clock.advance(20);
    expect(await running).toBe(by === 'race' ? 'quick' : 'PrimitiveTimeoutError');
    await clock.advance(1);
    const outcome = by === 'race' ? 'superseded' : 'timeout';
    expect(spanOf('task hang')?.attributes).toMatchObject({ 'tta.outcome': outcome });
    expect(spanOf('distribute hang')?.attributes).toMatchObject({ 'tta.outcome': outcome });
  });

  it('takes a job that waits out of the queue', async () => {
    const queue = memoryQueue('texts');
    const never = task('never', (x: string) => x);
    const controller = new AbortController();
    const running = distribute('never', never, { queue }).execute('x', { signal: controller.signal });
    await vi.waitFor(async () => expect((await queue.stats()).waiting).toBe(1));
    controller.abort();
    await expect(running).rejects.toThrow();
    expect((await queue.stats()).waiting).toBe(0);
  });

  it('with a grace gives the output of work that ends within it', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const finish = task('finish', async (_: string, { signal, clock }) => {
      await until(signal).catch(() => {});
      await clock.sleep(50);
      return 'finished';
    });
    await startWorker({ queue, primitives: { finish }, clock });
    const remote = distribute('finish', finish, { queue });
    const limited = (graceMs: number) => timeout(remote, { timeoutMs: 10, mode: 'cooperative', graceMs });
    const running = limited(100).execute('x', { context: { clock } });
    await clock.advance(100);
    expect(await running).toBe('finished');
    const late = limited(20).execute('x', { context: { clock } });
    const failed = expect(late).rejects.toMatchObject({ name: 'PrimitiveTimeoutError' });
    await clock.advance(100);
    await failed;
  });
});

describe('the time that a caller has', () => {
  it('is that of the nearest timeout or deadline, and reaches the worker as what is left of it', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const sent: (number | undefined)[] = [];
    const spied = {
      ...queue,
      send: (...[job, signal]: Parameters<typeof queue.send>) => {
        sent.push(job.expiresInMs);
        return queue.send(job, signal);
      },
    };
    const wait = task('wait', async (_: string, context) => context.clock.sleep(30));
    const echo = task('echo', (x: string) => x);
    await startWorker({ queue, primitives: { echo }, clock });
    const late = sequential(
      wait,
      task('x', () => 'x'),
      distribute('echo', echo, { queue: spied }),
    );
    const running = timeout(timeout(late, { timeoutMs: 100 }), { timeoutMs: 500 }).execute('x', { context: { clock } });
    await clock.advance(40);
    await running;
    const remote = distribute('echo', echo, { queue: spied });
    await remote.execute('x', { context: { clock } });
    await retry(remote, { deadlineMs: 40 }).execute('x', { context: { clock } });
    // A job in a job has what is left of its caller's time.
    const other = memoryQueue('others', { clock });
    const relayed = {
      ...other,
      send: (...[job, signal]: Parameters<typeof other.send>) => {
        sent.push(job.expiresInMs);
        return other.send(job, signal);
      },
    };
    await startWorker({ queue: other, primitives: { remote }, clock });
    const outer = distribute('remote', remote, { queue: relayed });
    await timeout(outer, { timeoutMs: 90 }).execute('x', { context: { clock } });
    expect(sent).toEqual([70, undefined, 40, 90, 90]);
  });

  it('ends a job whose caller has gone', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const deaf = { ...queue, cancel: async () => false };
    let ended: unknown;
    const hang = task('hang', (_: string, { signal }) => {
      signal.addEventListener('abort', () => {
        ended = signal.reason;
      });
      return new Promise<never>(() => {});
    });
    await startWorker({ queue, primitives: { hang }, clock });
    const running = timeout(distribute('hang', hang, { queue: deaf }), { timeoutMs: 100 });
    const failed = expect(running.execute('x', { context: { clock } })).rejects.toThrow('did not finish within 100 ms');
    await clock.advance(200);
    await failed;
    expect(ended).toBeUndefined();
    await clock.advance(2_000);
    expect(ended).toMatchObject({ message: 'nobody waits for the job any more' });
    expect(clock.pending).toBe(0);
  });

  it('is over for a job that waited too long: no worker begins it, and it is counted', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const deaf = { ...queue, cancel: async () => false };
    let begun = 0;
    const work = task('work', () => {
      begun += 1;
    });
    const running = timeout(distribute('work', work, { queue: deaf }), { timeoutMs: 100 });
    const failed = expect(running.execute(undefined, { context: { clock } })).rejects.toThrow();
    await clock.advance(200);
    await failed;
    await startWorker({ queue, primitives: { work }, clock });
    await clock.advance(1);
    expect(begun).toBe(0);
    // The list of dead jobs, and its alert, are for jobs that somebody must look at.
    expect(await queue.stats()).toMatchObject({ waiting: 0, dead: 0 });
    await telemetry.expectMetric('tta_queue_dead_jobs_total', { queue_name: 'texts', reason: 'expired' }, 1);
  });

  it('is over for a job that waited too long: a caller that still waits is told', async () => {
    const inner = memoryQueue('texts');
    const queue: JobQueue = {
      ...inner,
      work: (handler, options) =>
        inner.work((job, run) => handler(job, Object.assign(Object.create(run), { expiresInMs: -1 })), options),
    };
    const work = task('work', () => 'done');
    await startWorker({ queue, primitives: { work } });
    const failed = distribute('work', work, { queue }).execute(undefined);
    await expect(failed).rejects.toBeInstanceOf(JobDeadError);
    await expect(failed).rejects.toThrow('its time was over before a worker could begin it');
  });

  it.each<TimeoutOptions>([{ timeoutMs: 100 }, { timeoutMs: 100, mode: 'cooperative', graceMs: 60_000 }])(
    'is the timeout of its caller where a worker says it first: %j',
    async (options) => {
      const clock = createVirtualClock();
      const inner = memoryQueue('texts', { clock });
      const queue: JobQueue = {
        ...inner,
        work: (handler, options) =>
          inner.work((job, run) => handler(job, Object.assign(Object.create(run), { expiresInMs: 0 })), options),
      };
      const work = task('work', () => 'done');
      await startWorker({ queue, primitives: { work }, clock });
      const remote = timeout(distribute('work', work, { queue }), options);
      const failed = remote.execute(undefined, { context: { clock } }).catch((error: Error) => error.name);
      await clock.advance(99);
      await clock.advance(2);
      expect(await failed).toBe('PrimitiveTimeoutError');
    },
  );
});

describe('a stream', () => {
  const { chunks, model } = {
    chunks: stream('chunks', async function* () {
      yield 1;
    }),
    model: { provider: 'p', id: 'm', generate: async () => ({ text: '' }), async *stream() {} },
  };
  it.each([
    ['stream', chunks],
    ['llmStream', llmStream(model)],
    [
      'map with stream',
      map(
        task('a', (x: string) => x),
        { stream: true },
      ),
    ],
    ['a wrapper of one', retry(timeout(chunks, { timeoutMs: 1 }))],
    ['a sequence that ends with one', task('a', (x: string) => x).pipe(chunks)],
  ])('of %s is refused when the primitive is made', (_, primitive) => {
    expect(() => distribute('streams', primitive as never, { queue: memoryQueue('texts') })).toThrow(
      expect.objectContaining({ name: 'StreamNotDistributableError' }),
    );
  });

  it('that a task gives is refused at the worker, and closed', async () => {
    let closed = false;
    const gives = task('gives', async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        closed = true;
      }
    });
    const queue = memoryQueue('texts');
    await startWorker({ queue, primitives: { gives } });
    await expect(distribute('gives', gives as never, { queue }).execute(undefined as never)).rejects.toMatchObject({
      message: expect.stringContaining('gives gives a stream, which cannot cross a queue'),
    });
    await vi.waitFor(() => expect(closed).toBe(true));
  });
});

describe('a job that a worker cannot do', () => {
  it('goes to a worker that has its primitive', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const a = task('a', () => 'a');
    const b = task('b', () => 'b');
    await startWorker({ queue, primitives: { a }, clock });
    const running = distribute('b', b, { queue }).execute();
    await clock.advance(5_000);
    await startWorker({ queue, primitives: { b }, clock });
    await clock.advance(5_000);
    expect(await running).toBe('b');
  });

  it('is named in the log of the worker: the name may be misspelt', async () => {
    const warnings = captureWarnings();
    onTestFinished(() => void vi.restoreAllMocks());
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const summarise = task('summarise', () => 'a');
    await startWorker({ queue, primitives: { summarise }, clock });
    const late = new AbortController();
    const running = distribute('sumarise', summarise, { queue }).execute(undefined, { signal: late.signal });
    await clock.advance(10_000);
    late.abort(new Error('too late'));
    await expect(running).rejects.toThrow('too late');
    // Once a minute, not at each of its returns.
    expect(warnings).toEqual([
      'the queue texts: a job needs the primitive sumarise, which this worker does not have: it is left to another worker',
    ]);
  });

  it('is given up after ten minutes, and its caller is told', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const a = task('a', () => 'a');
    await startWorker({ queue, primitives: { a }, clock });
    const failed = expect(distribute('b', a, { queue }).execute()).rejects.toMatchObject({
      name: 'JobDeadError',
      message: expect.stringContaining('unknown_primitive: for 10 minutes no worker had the primitive b'),
    });
    await clock.advance(650_000);
    await failed;
    await telemetry.expectMetric('tta_queue_dead_jobs_total', { queue_name: 'texts', reason: 'unknown_primitive' }, 1);
  });
});

describe('a worker that stops', () => {
  it('waits for what it does', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const slow = task('slow', async (_: undefined, context) => {
      await context.clock.sleep(500);
      return 'done';
    });
    const worker = await startWorker({ queue, primitives: { slow }, clock });
    const running = distribute('slow', slow, { queue }).execute(undefined);
    await clock.advance(1);
    const stopped = worker.stop(1_000);
    await clock.advance(600);
    expect(await running).toBe('done');
    expect(await stopped).toEqual({ finished: 1, handedBack: 0, left: 0 });
  });

  it('hands back before its grace ends what is not done, and another worker does it in its place', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('texts', { clock });
    const keys: unknown[] = [];
    const slow = task('slow', async (_: undefined, context) => {
      keys.push(context.idempotencyKey);
      await context.clock.sleep(5_000);
      return 'done';
    });
    const worker = await startWorker({ queue, primitives: { slow }, clock });
    const running = distribute('slow', slow, { queue }).execute(undefined);
    await clock.advance(1);
    const stopped = worker.stop(1_000);
    await clock.advance(1_000);
    expect(await stopped).toEqual({ finished: 0, handedBack: 1, left: 0 });
    await startWorker({ queue, primitives: { slow }, clock });
    await clock.advance(6_000);
    expect(await running).toBe('done');
    expect(keys).toEqual([keys[0], keys[0]]);
    await telemetry.expectMetric('tta_queue_handed_back_total', { queue_name: 'texts', reason: 'draining' }, 1);
    await telemetry.expectMetric('tta_queue_redeliveries_total', { queue_name: 'texts' }, 0);
  });
});

function deferred() {
  let resolve: (value: unknown) => void = () => {};
  const promise = new Promise<unknown>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
