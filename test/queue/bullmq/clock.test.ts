/** Machines whose clocks are not the same. */
import { afterEach, describe, expect, it } from 'vitest';
import { bullmqQueue, type JobQueue, type WorkerHandle } from '../../../src/queue/index.ts';
import { ENTRY, endChildren, runModule } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { caller, echo, listener } from './engine.ts';

const HOUR_MS = 3_600_000;
let redis: Redis;
let queue: JobQueue;
let worker: WorkerHandle | undefined;

afterEach(async () => {
  endChildren();
  await worker?.drain(0);
  await queue.close();
  await redis.kill('SIGKILL');
});

describe.skipIf(component('redis-server') === undefined)('a worker whose clock is wrong', () => {
  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])('hands a job back for as long as it says, where its clock is %s', async (_, ms) => {
    captureWarnings();
    redis = await startRedis();
    queue = bullmqQueue('texts', { url: redis.url });
    const other = runModule(
      `import { bullmqQueue } from '${ENTRY.queue}';
      const queue = bullmqQueue('texts', { url: '${redis.url}' });
      const events = { failed() {}, died() {}, restarted() {} };
      await queue.work(async () => ({ end: 'handed_back', delayMs: 500 }), { concurrency: 1, events });
      console.log('ready');`,
      { flags: ['--import', `data:text/javascript,const now=Date.now;Date.now=()=>now()+${ms}`] },
    );
    await other.says('ready');
    const answer = (await caller(queue)).call('hello');
    await expect.poll(async () => (await queue.stats()).delayed, { timeout: 30_000 }).toBe(1);
    other.kill('SIGKILL');
    await other.exited;
    worker = await queue.work(echo().handler, { concurrency: 1, events: listener().events });
    expect(await answer).toBe('hello');
  });
});
