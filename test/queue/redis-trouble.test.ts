/** What callers of `distribute` see while Redis is away, full, hung, or has forgotten everything. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retry, task, timeout } from '../../src/index.ts';
import {
  bullmqQueue,
  distribute,
  JobLostError,
  type JobQueue,
  startWorker,
  type Worker,
} from '../../src/queue/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { total as sumOf } from '../support/scrape.ts';

/** How long a test waits for what must happen, on a busy machine. */
const PATIENCE = { timeout: 60_000, interval: 50 };

describe.skipIf(component('redis-server') === undefined)('distribute, while Redis is in trouble', () => {
  let telemetry: TestTelemetry;
  let folder: string;
  let port: number;
  let redis: Redis;
  let starts: Map<string, number>;
  let queues: JobQueue[];
  let workers: Worker[];

  beforeEach(async () => {
    telemetry = startTestTelemetry();
    folder = mkdtempSync(join(tmpdir(), 'redis-trouble-'));
    port = await freePort();
    [starts, queues, workers] = [new Map(), [], []];
  });

  afterEach(async () => {
    await redis.kill('SIGCONT');
    await Promise.all(workers.map((worker) => worker.stop(1_000)));
    await Promise.all(queues.map((queue) => queue.close()));
    await redis.kill('SIGKILL');
    await telemetry.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const startServer = async (...options: string[]) => {
    redis = await startRedis({ port, options: ['--dir', folder, ...options] });
  };
  const KEPT = ['--appendonly', 'yes', '--appendfsync', 'always'];

  const open = () => {
    const queue = bullmqQueue('trouble', { url: `redis://127.0.0.1:${port}` });
    queues.push(queue);
    return queue;
  };

  /** Work of so many milliseconds, which notes its start under the id of its job. */
  const echo = (ms: number) =>
    task('echo', async (text: string, context) => {
      const id = String(context.idempotencyKey);
      starts.set(id, (starts.get(id) ?? 0) + 1);
      await context.clock.sleep(ms, context.signal);
      return text;
    });

  const work = async (ms: number, concurrency = 8) => {
    workers.push(await startWorker({ queue: open(), primitives: { echo: echo(ms) }, concurrency }));
  };
  const remote = (queue: JobQueue) => distribute('echo', echo(0), { queue });
  const many = (count: number, call: (text: string) => Promise<string>) =>
    Promise.allSettled(Array.from({ length: count }, (_, i) => call(`text ${i}`)));
  const runs = () => [...starts.values()].reduce((sum, count) => sum + count, 0);

  it('waits for a Redis that is not there yet, and no caller longer than its deadline', async () => {
    const call = remote(open());
    const patient = call.execute('hello');
    await expect(timeout(call, { timeoutMs: 300 }).execute('too early')).rejects.toMatchObject({
      name: 'PrimitiveTimeoutError',
    });
    await expect(call.execute('stopped', { signal: AbortSignal.abort(new Error('no more')) })).rejects.toThrow(
      'no more',
    );
    const working = work(0);
    await startServer();
    await working;
    expect(await patient).toBe('hello');
    // What nobody waits for any more was not sent.
    expect(runs()).toBe(1);
  });

  it('gives every output when Redis ends and comes back with what it had', async () => {
    await startServer(...KEPT);
    await work(300, 4);
    const calls = many(40, (text) => remote(queues[1] ?? open()).execute(text));
    await vi.waitFor(() => expect(starts.size).toBeGreaterThan(8), PATIENCE);
    await redis.kill('SIGKILL');
    await sleep(500);
    await startServer(...KEPT);
    expect(await calls).toEqual(Array.from({ length: 40 }, (_, i) => ({ status: 'fulfilled', value: `text ${i}` })));
    await telemetry.expectMetric('tta_queue_lost_jobs_total', {}, 0);
  });

  it('says which jobs are lost when Redis comes back empty, and a retry does them again', async () => {
    await startServer();
    await work(300, 4);
    const call = remote(open());
    const calls = many(40, (text) => call.execute(text));
    await vi.waitFor(() => expect(starts.size).toBeGreaterThan(8), PATIENCE);
    await redis.kill('SIGKILL');
    const again = retry(call, { maxRetries: 3, when: (error) => error instanceof JobLostError });
    const retried = many(5, (text) => again.execute(text));
    await startServer();
    const ended = await calls;
    const lost = ended.filter((end) => end.status === 'rejected');
    expect(lost.map(({ reason }) => reason)).toEqual(lost.map(() => expect.any(JobLostError)));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(40);
    await telemetry.expectMetric('tta_queue_lost_jobs_total', { queue_name: 'trouble' }, lost.length);
    expect((await retried).map(({ status }) => status)).toEqual(Array(5).fill('fulfilled'));
    expect(await call.execute('after')).toBe('after');
  });

  it('refuses calls while Redis is full, ends what it accepted, and does no work twice', async () => {
    await startServer('--maxmemory', '8mb', '--maxmemory-policy', 'noeviction');
    const call = remote(open());
    const large = 'x'.repeat(100_000);
    const calls = many(200, (text) => call.execute(text + large));
    const refused = async () => (await calls).filter((end) => end.status === 'rejected');
    // No worker yet: Redis fills up.
    await vi.waitFor(
      async () => expect(sumOf(await telemetry.scrape(), 'tta_queue_refused_jobs_total')).toBeGreaterThan(0),
      PATIENCE,
    );
    const before = await commands();
    await work(0);
    const ended = await calls;
    const accepted = ended.filter((end) => end.status === 'fulfilled');
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length).toBeLessThan(200);
    for (const { reason } of await refused()) expect(String(reason)).toMatch(/QueueAwayError|QueueFullError/);
    expect(runs()).toBe(accepted.length);
    // A loop without a pause would ask Redis thousands of times in a second.
    expect((await commands()) - before).toBeLessThan(150 * 200);
    expect(await call.execute('after')).toBe('after');
  });

  it('keeps no caller longer than its deadline while Redis hangs, and goes on afterwards', async () => {
    await startServer();
    await work(0);
    const call = remote(open());
    expect(await call.execute('before')).toBe('before');
    await redis.kill('SIGSTOP');
    const hasty = timeout(call, { timeoutMs: 300 });
    for (const end of await many(20, (text) => hasty.execute(text)))
      expect(end).toMatchObject({ status: 'rejected', reason: { name: 'PrimitiveTimeoutError' } });
    const patient = call.execute('patient');
    await redis.kill('SIGCONT');
    expect(await patient).toBe('patient');
    expect(await call.execute('after')).toBe('after');
    await vi.waitFor(async () => telemetry.expectMetric('tta_queue_callers', {}, 0), PATIENCE);
  });

  async function commands(): Promise<number> {
    const info = await redis.cli('info', 'commandstats');
    return [...info.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  }
});
