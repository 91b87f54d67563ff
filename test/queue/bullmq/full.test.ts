/** Redis that takes nothing more: its memory is full, mostly. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { calm } from '../../../src/queue/bullmq/care.ts';
import { bullmqQueue, type JobQueue, QueueAwayError, type WorkerHandle } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { bytes, caller, echo, eventually, listener, never } from './engine.ts';

const queues: JobQueue[] = [];
const workers: WorkerHandle[] = [];
let redis: Redis;

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.drain(0)));
  await Promise.all(queues.splice(0).map((queue) => queue.close()));
  await redis?.kill('SIGKILL');
});

async function start(...options: string[]) {
  captureWarnings();
  redis = await startRedis({ options: ['--maxmemory-policy', 'noeviction', ...options] });
}

function connect(): JobQueue {
  const queue = bullmqQueue('texts', { url: redis.url });
  queues.push(queue);
  return queue;
}

const setFull = (isFull: boolean) => redis.cli('CONFIG', 'SET', 'maxmemory', isFull ? '1mb' : '0');

describe.skipIf(component('redis-server') === undefined)('a Redis that is full', () => {
  it('refuses new jobs, and takes them when it has room', async () => {
    await start();
    const queue = connect();
    const { call } = await caller(queue);
    const worker = await queue.work(echo().handler, { concurrency: 2, events: listener().events });
    workers.push(worker);
    expect(await call('before')).toBe('before');
    await setFull(true);
    const refused = queue.send({ id: 'a', replyTo: 'nowhere', body: bytes('') }, never);
    await expect(refused).rejects.toThrow(QueueAwayError);
    await expect(refused).rejects.toThrow('the memory of Redis is full');
    await setFull(false);
    expect(await call('after')).toBe('after');
  });

  it.each([
    ['cannot write to its disk', 'Redis cannot write to its disk'],
    ['lacks a replica', 'Redis has fewer replicas than it needs'],
  ])('refuses new jobs as one that %s does, and takes them afterwards', async (state, why) => {
    const folder = mkdtempSync(join(tmpdir(), 'redis-'));
    await start('--dir', folder);
    const queue = connect();
    const { call } = await caller(queue);
    workers.push(await queue.work(echo().handler, { concurrency: 2, events: listener().events }));
    expect(await call('before')).toBe('before');
    if (state === 'lacks a replica') await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '1');
    else {
      rmSync(folder, { recursive: true });
      await redis.cli('CONFIG', 'SET', 'save', '1000 1000');
      await redis.cli('BGSAVE');
      await eventually(async () => expect(await redis.cli('SET', 'probe', '1')).toMatch(/^MISCONF/));
    }
    const refused = queue.send({ id: 'a', replyTo: 'nowhere', body: bytes('') }, never);
    await expect(refused).rejects.toThrow(QueueAwayError);
    await expect(refused).rejects.toThrow(why);
    await redis.cli('CONFIG', 'SET', 'save', '');
    await redis.cli('CONFIG', 'SET', 'min-replicas-to-write', '0');
    expect(await call('after')).toBe('after');
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets the replies of accepted jobs and starts those that wait, also on a worker that comes later', async () => {
    await start();
    const queue = connect();
    const { call } = await caller(queue);
    let running = 0;
    let open = () => {};
    const opened = new Promise<void>((now) => {
      open = now;
    });
    const { starts, handler } = echo(async () => {
      running += 1;
      await opened;
    });
    const { said, events } = listener();
    workers.push(await queue.work(handler, { concurrency: 10, events }));
    const bodies = Array.from({ length: 40 }, (_, at) => `${at}`);
    const calls = bodies.map((body) => call(body));
    await eventually(() => expect(running).toBe(10));
    await setFull(true);
    workers.push(await queue.work(handler, { concurrency: 10, events }));
    await eventually(() => expect(running).toBe(20));
    open();
    expect(await Promise.all(calls)).toEqual(bodies);
    expect([...starts.values()]).toEqual(bodies.map(() => 1));
    expect(said.failed).toEqual([]);
  });

  it('loses no lock of a job that takes longer than its lock', async () => {
    await start();
    const queue = bullmqQueue('texts', { url: redis.url, lockMs: 1_000 });
    queues.push(queue);
    const { call } = await caller(queue);
    let ticks = 0;
    const { starts, handler } = echo(async () => {
      await setFull(true);
      const until = performance.now() + 4_000;
      await eventually(() => {
        ticks += 1;
        expect(performance.now()).toBeGreaterThan(until);
      });
    });
    for (let at = 0; at < 2; at++)
      workers.push(await queue.work(handler, { concurrency: 1, events: listener().events }));
    expect(await call('long')).toBe('long');
    expect([...starts.values()]).toEqual([1]);
    expect(ticks).toBeGreaterThan(1);
  });

  it('does the delayed jobs', async () => {
    await start();
    const queue = connect();
    const { call } = await caller(queue);
    const { said, events } = listener();
    const worker = await queue.work(
      async (job, run) => {
        if (run.waitedMs !== undefined && run.waitedMs < 500) return { end: 'handed_back', delayMs: 500 };
        await run.reply(job.body);
        return { end: 'done' };
      },
      { concurrency: 4, events },
    );
    workers.push(worker);
    const calls = ['a', 'b', 'c'].map((body) => call(body));
    await eventually(async () => expect((await queue.stats()).delayed).toBe(3));
    await setFull(true);
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    expect(said.failed).toEqual([]);
  });
});

describe('a worker that fails in a loop', () => {
  it('is paused for a while, and once for all of its errors', async () => {
    const did: string[] = [];
    const worker = { pause: async () => void did.push('pause'), resume: async () => void did.push('resume') };
    const onError = calm(worker, never, () => {});
    for (let at = 0; at < 5; at++) onError();
    expect(did).toEqual([]);
    for (let at = 0; at < 1_000; at++) onError();
    await eventually(() => expect(did).toEqual(['pause', 'resume']));
    for (let at = 0; at < 1_000; at++) onError();
    await eventually(() => expect(did).toEqual(['pause', 'resume', 'pause', 'resume']));
  });

  it('is left paused when it is to end', async () => {
    const did: string[] = [];
    const stop = new AbortController();
    const worker = {
      async pause() {
        did.push('pause');
        stop.abort();
      },
      resume: async () => void did.push('resume'),
    };
    const onError = calm(worker, stop.signal, () => {});
    for (let at = 0; at < 10; at++) onError();
    await eventually(() => expect(did).toEqual(['pause']));
  });
});
