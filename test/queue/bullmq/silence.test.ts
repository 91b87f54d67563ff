/** Connections to Redis that carry nothing any more, and that neither side has closed. */
import { afterEach, describe, expect, it } from 'vitest';
import { task } from '../../../src/index.ts';
import { bullmqQueue, distribute, type JobQueue, startWorker, type Worker } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { captureWarnings } from '../../support/warnings.ts';

let redis: Redis;
let queues: JobQueue[];
let worker: Worker;
let proxy: TcpProxy;

afterEach(async () => {
  await worker.stop(0);
  await Promise.all(queues.map((queue) => queue.close()));
  proxy.close();
  await redis.kill('SIGKILL');
});

const echo = task('echo', async (text: string) => text);

describe.skipIf(component('redis-server') === undefined)('a connection to Redis that was cut without a word', () => {
  it.each(['worker', 'caller'])('is made anew by a %s, and the call is answered', async (side) => {
    captureWarnings();
    redis = await startRedis();
    proxy = await startTcpProxy(redis.port);
    const open = (isCut: boolean) =>
      bullmqQueue('texts', { url: isCut ? `redis://127.0.0.1:${proxy.port}` : redis.url });
    queues = [open(side === 'worker'), open(side === 'caller')];
    const [atWorker, atCaller] = queues as [JobQueue, JobQueue];
    worker = await startWorker({ queue: atWorker, primitives: { echo } });
    const call = distribute('echo', echo, { queue: atCaller });
    expect(await call.execute('before')).toBe('before');
    proxy.silence();
    expect(await call.execute('after')).toBe('after');
  });
});
