/** Worker processes that end, or stand still, in the middle of a job. */
import { afterEach, describe, expect, it } from 'vitest';
import { bullmqQueue, type JobHandler, type JobQueue, type WorkerHandle } from '../../../src/queue/index.ts';
import { type Child, ENTRY, endChildren, runModule } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { caller, echo, eventually, listener } from './engine.ts';

const LOCK_MS = 1_000;
const queues: JobQueue[] = [];
const workers: WorkerHandle[] = [];
let redis: Redis;

afterEach(async () => {
  endChildren();
  await Promise.all(workers.splice(0).map((worker) => worker.drain(0)));
  await Promise.all(queues.splice(0).map((queue) => queue.close()));
  await redis?.kill('SIGKILL');
});

async function start() {
  captureWarnings();
  redis = await startRedis();
}

function connect(): JobQueue {
  const queue = bullmqQueue('texts', { url: redis.url, lockMs: LOCK_MS, maxDeliveries: 2 });
  queues.push(queue);
  return queue;
}

async function work(handler: JobHandler) {
  const { said, events } = listener();
  const worker = await connect().work(handler, { concurrency: 2, events });
  workers.push(worker);
  return said;
}

/** A worker in a process of its own. It says `started` and the body of a job, and runs it until the process gets a SIGUSR2. */
function workerProcess(): Child {
  return runModule(`
    import { bullmqQueue } from '${ENTRY.queue}';
    const queue = bullmqQueue('texts', { url: '${redis.url}', lockMs: ${LOCK_MS}, maxDeliveries: 2 });
    const events = { failed() {}, died() {}, restarted() {} };
    const told = new Promise((on) => process.once('SIGUSR2', on));
    await queue.work(async (job, run) => {
      run.signal.addEventListener('abort', () => console.log('aborted'));
      console.log('started', Buffer.from(job.body).toString());
      await told;
      await run.reply(job.body);
      return { end: 'done' };
    }, { concurrency: 1, events });
    console.log('ready');
  `);
}

describe.skipIf(component('redis-server') === undefined)('a worker that is killed', () => {
  it('leaves its job to another one, which knows that it is the second', async () => {
    await start();
    const child = workerProcess();
    await child.says('ready');
    const { call } = await caller(connect());
    const answer = call('ask');
    expect(await child.says('started')).toBe('ask');
    const deliveries: number[] = [];
    await work(async (job, run) => {
      deliveries.push(run.delivery);
      await run.reply(job.body);
      return { end: 'done' };
    });
    child.kill('SIGKILL');
    expect(await answer).toBe('ask');
    expect(deliveries).toEqual([2]);
  });

  it('has a job that is given up once it has ended as many workers as it may, and its caller is told', async () => {
    await start();
    const queue = connect();
    const { call } = await caller(queue);
    const answer = call('poison', { id: 'poison' });
    for (let at = 0; at < 2; at++) {
      const child = workerProcess();
      await child.says('started');
      child.kill('SIGKILL');
      await child.exited;
    }
    const { starts, handler } = echo();
    const said = await work(handler);
    expect(await answer).toBe('dead: it has ended each worker that started it');
    expect([starts.size, said.died]).toEqual([0, ['crashed']]);
    expect(await queue.dead.get('poison')).toMatchObject({ id: 'poison', deliveries: 2 });
    expect(await queue.dead.retry('poison')).toBe(true);
    await eventually(() => expect(starts.get('poison')).toBe(1));
  });
});

describe.skipIf(component('redis-server') === undefined)('a worker that stands still for longer than its lock', () => {
  it('learns that its job is another worker\u2019s, and the first reply counts', async () => {
    await start();
    const child = workerProcess();
    await child.says('ready');
    const queue = connect();
    const { call } = await caller(queue);
    const answer = call('ask');
    await child.says('started');
    child.kill('SIGSTOP');
    await work(echo().handler);
    expect(await answer).toBe('ask');
    child.kill('SIGCONT');
    await child.says('aborted');
    child.kill('SIGUSR2');
    expect(await call('next')).toBe('next');
    expect(await queue.stats()).toMatchObject({ dead: 0 });
  });
});

describe.skipIf(component('redis-server') === undefined)('a worker that computes for longer than its lock', () => {
  it('does its job once, and the job is not among the dead', async () => {
    await start();
    const child = runModule(`
      import { bullmqQueue } from '${ENTRY.queue}';
      const queue = bullmqQueue('texts', { url: '${redis.url}', lockMs: ${LOCK_MS}, maxDeliveries: 2 });
      const events = { failed() {}, died() {}, restarted() {} };
      await queue.work(async (job, run) => {
        console.log('started');
        for (const until = Date.now() + ${3 * LOCK_MS}; Date.now() < until; );
        await run.reply(job.body);
        return { end: 'done' };
      }, { concurrency: 1, events });
      console.log('ready');
    `);
    await child.says('ready');
    const queue = connect();
    const { call } = await caller(queue);
    expect(await call('ask')).toBe('ask');
    await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0 }));
    expect(await queue.stats()).toMatchObject({ dead: 0 });
    child.kill('SIGKILL');
    expect((await child.exited).stdout.match(/started/g)).toHaveLength(1);
  });
});

describe.skipIf(component('redis-server') === undefined)('a process that sends jobs', () => {
  it('leaves nothing in Redis for ever where it is killed: replies that it does not read expire', async () => {
    await start();
    await work(echo().handler);
    const { call, address } = await caller(connect());
    expect(await call('ask')).toBe('ask');
    for (const kind of ['inbox', 'replies'])
      expect(Number(await redis.cli('PTTL', `tta:texts:${kind}-${address}`))).toBeGreaterThan(0);
  });

  it('ends when it has its replies', async () => {
    await start();
    await work(echo().handler);
    const child = runModule(`
      import { bullmqQueue } from '${ENTRY.queue}';
      const queue = bullmqQueue('texts', { url: '${redis.url}' });
      const events = { failed() {}, died() {}, restarted() {} };
      const accepted = new Set();
      const replied = new Promise((on) => {
        globalThis.on = (message) => (accepted.delete(message.id), on(message));
      });
      const inbox = await queue.open({ on: globalThis.on, waiting: () => accepted, events });
      await queue.send({ id: 'a', replyTo: inbox.address, body: new TextEncoder().encode('ask') }, new AbortController().signal);
      accepted.add('a');
      await replied;
      console.log('replied');
    `);
    expect(await child.exited).toMatchObject({ code: 0, stdout: 'replied\n' });
  });
});
