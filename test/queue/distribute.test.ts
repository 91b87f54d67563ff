import { expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { distribute, memoryQueue, startWorker } from '../../src/queue/index.ts';

it('gives the output of a worker', async () => {
  const queue = memoryQueue('texts');
  const twice = task('twice', (n: number) => 2 * n);
  const worker = await startWorker({ queue, primitives: { twice } });
  const remote = distribute('twice', twice, { queue });
  expect(await remote.execute(21)).toBe(42);
  expect(await worker.stop(1_000)).toMatchObject({ handedBack: 0, left: 0 });
});

it('gives the error of a worker', async () => {
  const queue = memoryQueue('texts');
  const broken = task('broken', () => {
    throw new TypeError('no such text');
  });
  await startWorker({ queue, primitives: { broken } });
  const failed = distribute('broken', broken, { queue }).execute();
  await expect(failed).rejects.toMatchObject({ name: 'TypeError', message: 'no such text' });
});
