/** Redis that ends, comes back, forgets, or is not there. */
import { afterEach, describe, expect, it } from 'vitest';
import { bullmqQueue, type JobQueue, QueueAwayError, type WorkerHandle } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { caller, echo, eventually, listener, never } from './engine.ts';

const queues: JobQueue[] = [];
const workers: WorkerHandle[] = [];
let redis: Redis | undefined;

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.drain(0)));
  await Promise.all(queues.splice(0).map((queue) => queue.close()));
  await redis?.kill('SIGKILL');
});

function connect(port: number, more = {}): JobQueue {
  const queue = bullmqQueue('texts', { url: `redis://127.0.0.1:${port}`, lockMs: 1_000, ...more });
  queues.push(queue);
  return queue;
}

async function work(queue: JobQueue, handler: Parameters<JobQueue['work']>[0], concurrency = 4) {
  const { said, events } = listener();
  const worker = await queue.work(handler, { concurrency, events });
  workers.push(worker);
  return { worker, said };
}

/** Work that stands still while a test breaks something. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((now) => {
    open = now;
  });
  return { open, opened };
}

const bodies = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);

describe.skipIf(component('redis-server') === undefined)('a queue whose Redis ends', () => {
  it('answers all callers when Redis comes back with what it kept', async () => {
    const port = await freePort();
    const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', tempFolder()];
    redis = await startRedis({ port, options });
    const { open, opened } = gate();
    const { starts, handler } = echo(() => opened);
    await work(connect(port), handler);
    const { call } = await caller(connect(port));
    const calls = bodies(100).map((body) => call(body));
    await eventually(() => expect(starts.size).toBe(4));
    await redis.kill('SIGKILL');
    open();
    redis = await startRedis({ port, options });
    expect(await Promise.all(calls)).toEqual(bodies(100));
    expect(starts.size).toBe(100);
  });

  it('answers those that ran, and says of the others that they are lost, when Redis has kept nothing', async () => {
    const warnings = captureWarnings();
    const port = await freePort();
    redis = await startRedis({ port });
    const { open, opened } = gate();
    const { starts, handler } = echo(() => opened);
    await work(connect(port), handler);
    const { call } = await caller(connect(port));
    const calls = bodies(100).map((body) => call(body));
    await eventually(() => expect(starts.size).toBe(4));
    await redis.kill('SIGKILL');
    redis = await startRedis({ port });
    const others = await Promise.all(calls.slice(4));
    expect(new Set(others)).toEqual(new Set(['lost']));
    open();
    expect(await Promise.all(calls.slice(0, 4))).toEqual(bodies(4));
    expect(warnings.join()).toContain('96 accepted jobs are lost');
    expect(await call('next')).toBe('next');
  });

  it('lets callers wait for a Redis that is not there yet, and workers too', async () => {
    const port = await freePort();
    const { handler } = echo();
    const started = work(connect(port), handler);
    const calling = caller(connect(port));
    redis = await startRedis({ port });
    await started;
    const { call } = await calling;
    expect(await call('ask')).toBe('ask');
  });

  it('lets a caller wait no longer than it wants to', async () => {
    const port = await freePort();
    const queue = connect(port, { maxAwayMs: 50 });
    const job = { id: 'a', replyTo: 'nowhere', body: new Uint8Array() };
    await expect(queue.send(job, never)).rejects.toThrow(QueueAwayError);
    await expect(queue.stats()).rejects.toThrow(QueueAwayError);
    const reason = new Error('enough');
    const stop = new AbortController();
    const sent = connect(port).send(job, stop.signal);
    stop.abort(reason);
    await expect(sent).rejects.toBe(reason);
  });

  it('closes, and its workers drain, while Redis is not there', async () => {
    const queue = connect(await freePort());
    const { worker } = await work(queue, echo().handler);
    expect(await worker.drain(100)).toEqual({ finished: 0, handedBack: 0, left: 0 });
    await queue.close();
  });
});
