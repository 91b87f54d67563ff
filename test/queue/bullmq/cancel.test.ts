import { Redis as Ioredis } from 'ioredis';
import { afterAll, expect, it } from 'vitest';
import { bullmqQueue } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { bytes, eventually, listener, never } from './engine.ts';

let redis: Redis | undefined;
afterAll(() => redis?.kill('SIGKILL'));

it.skipIf(component('redis-server') === undefined)(
  'does not take a job that ended by its cancellation for one that never began',
  async () => {
    redis = await startRedis();
    const { url, cli } = redis;
    const id = 'a-job';
    const hasEnded = () =>
      eventually(async () => expect(await cli('HGET', `tta:texts:${id}`, 'finishedOn')).not.toBe(''));
    const queue = bullmqQueue('texts', {
      connect: (settings) => {
        const client = new Ioredis(url, settings);
        const define = client.defineCommand;
        client.defineCommand = (name, script) => {
          define.call(client, name, script);
          if (name !== 'ttaTell') return;
          const commands = client as unknown as Record<'ttaTell', (...all: unknown[]) => Promise<unknown>>;
          const tell = commands.ttaTell;
          commands.ttaTell = async (...all) => {
            const answer = await tell.apply(client, all);
            await hasEnded();
            return answer;
          };
        };
        return client;
      },
    });
    const replies: string[] = [];
    const inbox = await queue.open({
      on: (message) => replies.push('body' in message ? Buffer.from(message.body).toString() : 'no body'),
      waiting: () => [id],
      events: listener().events,
    });
    let started = false;
    const worker = await queue.work(
      async (_, run) => {
        const heard = new Promise<Uint8Array>((on) => run.onMessage(on));
        started = true;
        await run.reply(await heard);
        return { end: 'done' };
      },
      { concurrency: 1, events: listener().events },
    );
    await queue.send({ id, replyTo: inbox.address, body: bytes('x') }, never);
    await eventually(() => expect(started).toBe(true));
    expect(await queue.cancel(id, bytes('stop'))).toBe(false);
    await eventually(() => expect(replies).toEqual(['stop']));
    await worker.drain(0);
    await queue.close();
  },
);
