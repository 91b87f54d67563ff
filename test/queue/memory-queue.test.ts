import { expect, it } from 'vitest';
import { type JobEnd, type JobRun, memoryQueue, QueueFullError } from '../../src/queue/index.ts';
import { createVirtualClock } from '../../src/testing/index.ts';
import { describeQueue } from './contract.ts';

const queues = new Map<string, ReturnType<typeof memoryQueue>>();

describeQueue('memoryQueue', () => ({
  connect(name, settings = {}) {
    const { maxWaiting } = settings;
    const key = JSON.stringify([name, settings]);
    const queue = queues.get(key) ?? memoryQueue(name, { maxWaiting });
    queues.set(key, queue);
    // Another client of the queue closes only itself.
    return queue;
  },
  server: undefined,
}));

const events = { failed() {}, died() {}, restarted() {} };
const { signal } = new AbortController();
const jobOf = (id: string, more = {}) => ({ id, replyTo: 'nowhere', body: new Uint8Array(), ...more });

/** A queue on a clock that stands still, with a worker whose runs end as the list says, and then as done. */
async function onVirtualClock(...ends: JobEnd[]) {
  const clock = createVirtualClock();
  const queue = memoryQueue('texts', { clock });
  const runs: { id: string; at: number; run: JobRun }[] = [];
  const start = clock.now();
  const work = () =>
    queue.work(
      async ({ id }, run) => {
        runs.push({ id, at: clock.now() - start, run });
        return ends.shift() ?? { end: 'done' };
      },
      { concurrency: 1, events },
    );
  return { clock, queue, runs, work };
}

it('starts a job that is handed back when its delay is over, by its clock', async () => {
  const { clock, queue, runs, work } = await onVirtualClock({ end: 'handed_back', delayMs: 5_000 });
  await work();
  await queue.send(jobOf('one'), signal);
  await clock.advance(4_999);
  expect(runs.map(({ at }) => at)).toEqual([0]);
  await clock.advance(1);
  expect(runs.map(({ at, run }) => [at, run.delivery, run.waitedMs])).toEqual([
    [0, 1, 0],
    [5_000, 1, 5_000],
  ]);
});

it('tells the age of the oldest job, and what is left of the time of each', async () => {
  const { clock, queue, runs, work } = await onVirtualClock();
  await queue.send(jobOf('one', { expiresInMs: 10_000 }), signal);
  await clock.advance(4_000);
  await queue.send(jobOf('two'), signal);
  await clock.advance(1_000);
  expect((await queue.stats()).oldestMs).toBe(5_000);
  await work();
  await clock.advance(0);
  expect(runs.map(({ run }) => [run.waitedMs, run.expiresInMs])).toEqual([
    [5_000, 5_000],
    [1_000, undefined],
  ]);
});

it('gives a job that a worker leaves at the end of its grace to another one, as a new try', async () => {
  const clock = createVirtualClock();
  const queue = memoryQueue('texts', { clock });
  const first = await queue.work(() => new Promise(() => {}), { concurrency: 1, events });
  await queue.send(jobOf('one'), signal);
  const deliveries: number[] = [];
  const drained = first.drain(1_000);
  await queue.work(
    async (_, { delivery }) => {
      deliveries.push(delivery);
      return { end: 'done' };
    },
    { concurrency: 1, events },
  );
  await clock.advance(1_000);
  expect(await drained).toEqual({ finished: 0, handedBack: 0, left: 1 });
  await clock.advance(0);
  expect(deliveries).toEqual([2]);
});

it('forgets the oldest ids of ended jobs, and no job that waits', async () => {
  const queue = memoryQueue('texts', { maxWaiting: 1 });
  let runs = 0;
  const worker = await queue.work(
    async () => {
      runs += 1;
      return { end: 'done' };
    },
    { concurrency: 1, events },
  );
  for (let at = 0; at < 20_000; at++) {
    await queue.send(jobOf(`${at}`), signal);
    if (at % 100 === 0) await new Promise((tick) => setImmediate(tick));
    while ((await queue.stats()).waiting > 0) await new Promise((tick) => setImmediate(tick));
  }
  await worker.drain(10_000);
  expect(runs).toBe(20_000);
  await queue.send(jobOf('19999'), signal);
  expect((await queue.stats()).waiting).toBe(0);
  await queue.send(jobOf('0'), signal);
  expect((await queue.stats()).waiting).toBe(1);
  await queue.send(jobOf('0'), signal);
  await expect(queue.send(jobOf('1'), signal)).rejects.toThrow(QueueFullError);
});
