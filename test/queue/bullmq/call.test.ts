import { afterAll, expect, it, vi } from 'vitest';
import { task } from '../../../src/index.ts';
import { bullmqQueue, distribute, startWorker } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';

let redis: Redis | undefined;
afterAll(() => redis?.kill('SIGKILL'));

it.skipIf(component('redis-server') === undefined)('gives the output of a worker', async () => {
  redis = await startRedis();
  const queue = bullmqQueue('texts', { url: redis.url });
  const twice = task('twice', (n: number) => 2 * n);
  const worker = await startWorker({ queue, primitives: { twice } });
  const remote = distribute('twice', twice, { queue });
  expect(await Promise.all([1, 2, 3].map((n) => remote.execute(n)))).toEqual([2, 4, 6]);
  await vi.waitFor(async () =>
    expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, delayed: 0, dead: 0, workers: 1 }),
  );
  await worker.stop(1_000);
  await queue.close();
});
