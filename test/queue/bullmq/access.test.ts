/** How a queue reaches Redis: names, prefixes, passwords, clients of the user's own. */
import { inspect } from 'node:util';
import { Redis as Ioredis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { bullmqQueue, type JobQueue, type WorkerHandle } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { bytes, caller, echo, eventually, listener, never } from './engine.ts';

const SECRET = 's3cret-of-redis';
const closing: (() => Promise<unknown>)[] = [];
let redis: Redis;

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(...options: string[]) {
  const warnings = captureWarnings();
  redis = await startRedis({ options });
  closing.push(() => redis.kill('SIGKILL'));
  return warnings;
}

function connect(name: string, options: Parameters<typeof bullmqQueue>[1]): JobQueue {
  const queue = bullmqQueue(name, options);
  closing.push(() => queue.close());
  return queue;
}

async function work(queue: JobQueue, handler = echo().handler): Promise<WorkerHandle> {
  const worker = await queue.work(handler, { concurrency: 2, events: listener().events });
  closing.push(() => worker.drain(0));
  return worker;
}

describe('the options of bullmqQueue', () => {
  const url = 'redis://127.0.0.1:1';

  it('are refused where they are wrong, and no address is shown', () => {
    expect(() => bullmqQueue('', { url })).toThrow(/name must be a text that is not empty/);
    expect(() => bullmqQueue('a:b', { url })).toThrow(/name must have no colon/);
    expect(() => bullmqQueue('a', {})).toThrow(/must say which server, by url or connect/);
    expect(() => bullmqQueue('a', { url, connect: () => new Ioredis() })).toThrow(/is of no use beside url/);
    for (const wrong of [`http://u:${SECRET}@h`, `redis://:${SECRET}%@h`, SECRET, 'redis://', 7]) {
      let message = '';
      try {
        bullmqQueue('a', { url: wrong as string });
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('url must be an address such as redis://127.0.0.1:6379');
      expect(message).not.toContain(SECRET);
    }
    expect(() => bullmqQueue('a', { url, lockMs: 1 })).toThrow(RangeError);
    expect(() => bullmqQueue('a', { url, maxWaiting: 0 })).toThrow(RangeError);
    expect(() => bullmqQueue('a', { url, maxDeliverys: 1 } as never)).toThrow(/did you mean maxDeliveries/);
  });
});

describe.skipIf(component('redis-server') === undefined)('a Redis with a password', () => {
  it('is used with the right one', async () => {
    await start('--requirepass', SECRET);
    const queue = connect('texts', { url: `redis://:${SECRET}@127.0.0.1:${redis.port}` });
    await work(queue);
    expect(await (await caller(queue)).call('ask')).toBe('ask');
  });

  it.each([
    ['a wrong password', ':wrong-one@'],
    ['no password', ''],
  ])('refuses at once with %s, and no error or warning shows it', async (_, user) => {
    const warnings = await start('--requirepass', SECRET);
    const queue = connect('texts', { url: `redis://${user}127.0.0.1:${redis.port}` });
    const { said, events } = listener();
    const job = { id: 'a', replyTo: 'nowhere', body: bytes('the text of a job') };
    const errors = await Promise.all(
      [
        queue.send(job, never),
        queue.stats(),
        queue.open({ on: () => {}, waiting: () => [], events }),
        queue.work(echo().handler, { concurrency: 1, events }),
      ].map((failing) => failing.then(() => 'no error', String)),
    );
    for (const error of errors) expect(error).toContain('Redis refuses the user or the password');
    const all = inspect([errors, said, warnings, await queue.send(job, never).catch((error) => error)], { depth: 20 });
    expect(all).not.toContain('wrong-one');
    expect(all).not.toContain(SECRET);
  });
});

describe.skipIf(component('redis-server') === undefined)('queues in one Redis', () => {
  it('are apart by their names and prefixes', async () => {
    await start();
    const all = [
      connect('texts', { url: redis.url }),
      connect('images', { url: redis.url }),
      connect('texts', { url: redis.url, prefix: '{other}' }),
    ];
    for (const [at, queue] of all.entries())
      await work(queue, async (_, run) => {
        await run.reply(bytes(`${at}`));
        return { end: 'done' };
      });
    const answers = all.map(async (queue) => (await caller(queue)).call('ask'));
    expect(await Promise.all(answers)).toEqual(['0', '1', '2']);
    const keys = (await redis.cli('KEYS', '*')).split('\n');
    expect(keys.filter((key) => !/^(tta|\{other\}):(texts|images):/.test(key))).toEqual([]);
  });

  it('take names with spaces and signs', async () => {
    await start();
    const queue = connect('texts of the day / {1}', { url: redis.url });
    await work(queue);
    expect(await (await caller(queue)).call('ask')).toBe('ask');
  });
});

describe.skipIf(component('redis-server') === undefined)('a client of the user\u2019s own', () => {
  it('is made with the settings that a queue needs, and closed with the queue', async () => {
    await start();
    const made: Ioredis[] = [];
    const queue = bullmqQueue('texts', {
      connect(settings) {
        const client = new Ioredis({ port: redis.port, ...settings });
        made.push(client);
        return client;
      },
    });
    const worker = await queue.work(echo().handler, { concurrency: 1, events: listener().events });
    expect(await (await caller(queue)).call('ask')).toBe('ask');
    await worker.drain(1_000);
    await queue.close();
    await eventually(() => expect(made.map(({ status }) => status)).toEqual(made.map(() => 'end')));
    await eventually(async () => expect((await redis.cli('CLIENT', 'LIST')).split('\n')).toHaveLength(1));
  });
});
