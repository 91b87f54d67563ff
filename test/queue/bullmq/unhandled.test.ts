/** Connections that end at a bad moment. A rejection that nothing catches ends a process: vitest fails on each. */
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { task } from '../../../src/index.ts';
import { bullmqQueue, distribute, type RedisSettings, startWorker } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { startRedis } from '../../support/redis.ts';

describe.skipIf(component('redis-server') === undefined)('a queue in Redis whose connections are cut', () => {
  it('leaves no rejection to the process when a connection ends while its worker subscribes again', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.kill('SIGKILL'));
    const twice = task('twice', (n: number) => 2 * n);
    let ended = 0;
    const connect = (settings: RedisSettings) => {
      const client = new Redis(redis.url, settings);
      let connected = 0;
      client.on('ready', () => {
        connected += 1;
        if (connected !== 2) return;
        ended += 1;
        // What was sent on this event has no answer yet, and gets none.
        process.nextTick(() => {
          client.disconnect();
          client.stream.destroy();
        });
      });
      return client;
    };
    const queue = bullmqQueue('cut', { connect });
    const worker = await startWorker({ queue, primitives: { twice } });
    expect(await distribute('twice', twice, { queue }).execute(1)).toBe(2);
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually('the connection has ended again', async () => ended > 0 || undefined);
    await worker.stop(0);
    await queue.close();
  });

  it('leaves none when Redis ends while a worker stops', async () => {
    const redis = await startRedis();
    const queue = bullmqQueue('ended', { url: redis.url });
    const twice = task('twice', (n: number) => 2 * n);
    const worker = await startWorker({ queue, primitives: { twice } });
    expect(await distribute('twice', twice, { queue }).execute(1)).toBe(2);
    await redis.kill('SIGKILL');
    await worker.stop(0);
    await queue.close();
  });
});
