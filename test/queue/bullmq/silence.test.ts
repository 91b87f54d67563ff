/** Connections to Redis that carry nothing any more, and that neither side has closed. */
import { describe, expect, it } from 'vitest';
import { task } from '../../../src/index.ts';
import { bullmqQueue, distribute, startWorker } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { startRedis } from '../../support/redis.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { captureWarnings } from '../../support/warnings.ts';

const echo = task('echo', async (text: string) => text);

describe.skipIf(component('redis-server') === undefined)('a connection to Redis that was cut without a word', () => {
  // Side by side: each waits until it knows that the connection is dead.
  it.concurrent.each(['worker', 'caller'])('is made anew by a %s, and the call is answered', async (side) => {
    captureWarnings();
    const redis = await startRedis();
    const proxy = await startTcpProxy(redis.port);
    const open = (isCut: boolean) =>
      bullmqQueue('texts', { url: isCut ? `redis://127.0.0.1:${proxy.port}` : redis.url });
    const [atWorker, atCaller] = [open(side === 'worker'), open(side === 'caller')];
    const worker = await startWorker({ queue: atWorker, primitives: { echo } });
    try {
      const call = distribute('echo', echo, { queue: atCaller });
      expect(await call.execute('before')).toBe('before');
      proxy.silence();
      expect(await call.execute('after')).toBe('after');
    } finally {
      await worker.stop(0);
      await Promise.all([atWorker.close(), atCaller.close()]);
      proxy.close();
      await redis.kill('SIGKILL');
    }
  });
});
