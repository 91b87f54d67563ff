import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { retry, task, timeout } from '../../../src/index.ts';
import { distribute, type JobQueue, natsQueue, startWorker } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Nats, startNats } from '../../support/nats.ts';

const eventually = (look: () => Promise<void> | void) => vi.waitFor(look, { timeout: 30_000, interval: 10 });

describe.skipIf(component('nats-server') === undefined)('a call through NATS', () => {
  let nats: Nats;
  const queues: JobQueue[] = [];
  const open = (name: string, options = {}) => {
    const queue = natsQueue(name, { servers: nats.url, ...options });
    queues.push(queue);
    return queue;
  };
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await nats.kill('SIGKILL');
  });

  it('gives the output of a worker, and its error', async () => {
    const half = task('half', (n: number) => {
      if (n % 2 === 1) throw new TypeError(`${n} is odd`);
      return n / 2;
    });
    const worker = await startWorker({ queue: open('numbers'), primitives: { half } });
    const remote = distribute('half', half, { queue: open('numbers') });
    expect(await Promise.all([2, 4, 6].map((n) => remote.execute(n)))).toEqual([1, 2, 3]);
    await expect(remote.execute(3)).rejects.toMatchObject({ name: 'TypeError', message: '3 is odd' });
    expect(await worker.stop(10_000)).toMatchObject({ handedBack: 0, left: 0 });
  });

  it('stops on the worker when its caller has no more time', async () => {
    const ends: string[] = [];
    const slow = task('slow', async (_: string, { signal }) => {
      await pause(60_000, undefined, { signal }).catch(() => ends.push('aborted'));
    });
    const worker = await startWorker({ queue: open('slow'), primitives: { slow } });
    const remote = timeout(distribute('slow', slow, { queue: open('slow') }), { timeoutMs: 300 });
    await expect(remote.execute('text')).rejects.toMatchObject({ name: 'PrimitiveTimeoutError' });
    await eventually(() => expect(ends).toEqual(['aborted']));
    await worker.stop(10_000);
  });

  it('is a new job in each try of a retry', async () => {
    const keys = new Set<string | undefined>();
    const flaky = task('flaky', (_: string, { idempotencyKey }) => {
      keys.add(idempotencyKey);
      if (keys.size < 3) throw new Error('not yet');
      return keys.size;
    });
    const worker = await startWorker({ queue: open('flaky'), primitives: { flaky } });
    const remote = retry(distribute('flaky', flaky, { queue: open('flaky') }), { maxRetries: 3, initialDelayMs: 1 });
    expect(await remote.execute('text')).toBe(3);
    await worker.stop(10_000);
  });

  it('leaves nothing in the streams', async () => {
    const echo = task('echo', (text: string) => text);
    const queue = open('clean');
    const worker = await startWorker({ queue: open('clean'), primitives: { echo } });
    const remote = distribute('echo', echo, { queue });
    await Promise.all(Array.from({ length: 50 }, (_, at) => remote.execute(`${at}`)));
    await worker.stop(10_000);
    const connection = await connect({ servers: nats.url });
    const { streams } = await jetstreamManager(connection);
    await eventually(async () => {
      for (const kind of ['jobs', 'replies', 'dead', 'notes'])
        expect([kind, (await streams.info(`tta-${kind}-clean`)).state.messages]).toEqual([kind, 0]);
    });
    await connection.close();
  });

  it('goes on beside messages that nobody of ours has written', async () => {
    const echo = task('echo', (text: string) => text);
    const queue = open('foreign');
    await queue.stats();
    const connection = await connect({ servers: nats.url });
    const stranger = (subject: string, text: string) => connection.publish(subject, text);
    stranger('tta.foreign.job.stranger', 'no job at all');
    stranger('tta.foreign.job.=not-base64~', '{"v":1}\n');
    stranger('tta.foreign.reply.nobody.stranger', 'no reply');
    await connection.flush();
    const worker = await startWorker({ queue: open('foreign'), primitives: { echo } });
    expect(await distribute('echo', echo, { queue }).execute('text')).toBe('text');
    await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 2 }));
    for await (const { id } of queue.dead.list(0, 10)) expect(await queue.dead.drop(id)).toBe(true);
    expect((await queue.stats()).dead).toBe(0);
    await worker.stop(10_000);
    await connection.close();
  });

  it('that was cancelled while a worker ran it is not started again when that worker has ended', async () => {
    const events = { failed() {}, died() {}, restarted() {} };
    const options = { lockMs: 500 };
    const queue = open('cancelled', options);
    const { signal } = new AbortController();
    const starts: string[] = [];
    const work = (end: () => Promise<{ end: 'done' }>) =>
      open('cancelled', options).work(
        (job) => {
          starts.push(job.id);
          return end();
        },
        { concurrency: 1, events },
      );
    const first = await work(() => new Promise(() => {}));
    await queue.send({ id: 'one', replyTo: 'nowhere', body: new Uint8Array() }, signal);
    await eventually(() => expect(starts).toEqual(['one']));
    expect(await queue.cancel('one', new Uint8Array())).toBe(false);
    expect((await first.drain(0)).left).toBe(1);
    const second = await work(async () => ({ end: 'done' }));
    await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 0 }));
    expect(starts).toEqual(['one']);
    await second.drain(10_000);
  });
});
