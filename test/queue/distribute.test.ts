import * as devalue from 'devalue';
import { expect, expectTypeOf, it, vi } from 'vitest';
import { type Primitive, retry, task, workflow } from '../../src/index.ts';
import {
  devalueCodec,
  distribute,
  type JobQueue,
  jsonCodec,
  memoryQueue,
  startWorker,
  UnreadableReplyError,
} from '../../src/queue/index.ts';

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

it('gives undefined where the work gives nothing', async () => {
  const queue = memoryQueue('texts');
  const nothing = task('nothing', (input: undefined) => input);
  await startWorker({ queue, primitives: { nothing } });
  expect(await distribute('nothing', nothing, { queue }).execute(undefined)).toBeUndefined();
});

it('refuses an input and an output that would arrive as something else', async () => {
  const queue = memoryQueue('texts');
  const now = task('now', (_input: unknown) => new Date(0) as unknown);
  await startWorker({ queue, primitives: { now } });
  const remote = distribute('now', now, { queue });
  await expect(remote.execute({ at: new Date(0) })).rejects.toThrow('input.at is a Date');
  await expect(remote.execute('x')).rejects.toThrow(/^output is a Date, .*; the work was done$/);
});

it('tries neither of them again', async () => {
  const queue = memoryQueue('texts');
  const work = vi.fn((input: unknown) => (input === 'big' ? 'x'.repeat(queue.maxBodyBytes) : new Date(0)));
  const now = task('now', (input: unknown) => work(input) as unknown);
  await startWorker({ queue, primitives: { now } });
  const remote = retry(distribute('now', now, { queue }), { maxRetries: 3, initialDelayMs: 0 });
  for (const input of [new Date(0), 'x'.repeat(queue.maxBodyBytes), 'small', 'big'])
    await expect(remote.execute(input)).rejects.toThrow();
  expect(work.mock.calls).toEqual([['small'], ['big']]);
});

it('brings what a codec of both sides keeps', async () => {
  const queue = memoryQueue('texts');
  const codec = devalueCodec(devalue);
  const later = task('later', (at: Date) => new Map([['later', new Date(at.getTime() + 1)]]));
  await startWorker({ queue, primitives: { later }, codecs: [codec] });
  const remote = distribute('later', later, { queue, codec });
  expect(await remote.execute(new Date(5))).toEqual(new Map([['later', new Date(6)]]));
});

it('gives up a job whose input cannot be decoded', async () => {
  const queue = memoryQueue('texts');
  const twice = task('twice', (n: number) => 2 * n);
  const worker = await startWorker({ queue, primitives: { twice } });
  const hostile = { ...jsonCodec, encode: () => '{"__proto__":{"admin":true}}' };
  const failed = distribute('twice', twice, { queue, codec: hostile }).execute(1);
  await expect(failed).rejects.toThrow('unreadable: the codec json cannot decode it');
  expect(await queue.stats()).toMatchObject({ dead: 1, running: 0 });
  await worker.stop(0);
});

it('rejects where the output of a worker cannot be decoded', async () => {
  const queue = memoryQueue('texts');
  const twice = task('twice', (n: number) => 2 * n);
  await startWorker({ queue, primitives: { twice } });
  const deaf = { ...jsonCodec, decode: () => JSON.parse('secret') };
  const failed = distribute('twice', twice, { queue, codec: deaf }).execute(1);
  await expect(failed).rejects.toThrow(UnreadableReplyError);
  await expect(failed).rejects.not.toThrow('secret');
});

it('replies with no more than the queue takes, whatever the work threw and however much it did', async () => {
  const queue: JobQueue = { ...memoryQueue('texts'), maxBodyBytes: 2_000 };
  const replies: number[] = [];
  const watched: JobQueue = {
    ...queue,
    open: (inbox) =>
      queue.open({
        ...inbox,
        on(message) {
          if ('body' in message) replies.push(message.body.length);
          inbox.on(message);
        },
      }),
  };
  const huge = task('huge', async (size: number) => {
    for (let i = 0; i < 90; i += 1)
      await workflow(
        `${i}`.repeat(50),
        task('one', () => i),
      ).execute(undefined);
    if (size === 0) throw new RangeError('x'.repeat(1_000_000), { cause: new Error('y'.repeat(1_000_000)) });
    return 'x'.repeat(size);
  });
  const worker = await startWorker({ queue, primitives: { huge } });
  const remote = distribute('huge', huge, { queue: watched });
  await expect(remote.execute(0)).rejects.toThrow(/^x+…$/);
  await expect(remote.execute(1_990)).rejects.toThrow('the output is larger than 2000 bytes');
  expect(Math.max(...replies)).toBeLessThanOrEqual(2_000);
  await worker.stop(0);
});

it('has the types of the primitive', () => {
  const length = task('length', (text: string) => text.length);
  expectTypeOf(distribute('length', length, { queue: memoryQueue('texts') })).toEqualTypeOf<
    Primitive<string, number>
  >();
});

it('is started with primitives, codecs and numbers that are right, or rejects and takes no job', async () => {
  const queue = memoryQueue('texts');
  const twice = task('twice', (n: number) => 2 * n);
  const started = (options: object) => startWorker({ queue, primitives: { twice }, ...options });
  await expect(started({ primitives: {} })).rejects.toThrow(
    'WorkerOptions: primitives must be an object with a primitive for each name, got an object with no keys',
  );
  await expect(started({ primitives: { twice, limit: 3 } })).rejects.toThrow(
    'WorkerOptions: primitives.limit must be a primitive, got 3',
  );
  await expect(started({ primitives: [twice] })).rejects.toThrow('WorkerOptions: primitives must be an object');
  await expect(started({ concurrency: 0 })).rejects.toThrow('WorkerOptions: concurrency must be');
  await expect(started({ codecs: [{}] })).rejects.toThrow('WorkerOptions: codecs[0].encode must be a function');
  await expect(started({ primitve: {} })).rejects.toThrow(
    'WorkerOptions: there is no option "primitve"; did you mean primitives?',
  );
  expect((await queue.stats()).workers).toBe(0);
});

it.each(['text', 0, null, undefined, false])(
  'gives what a worker threw, also where it is no error: %s',
  async (thrown) => {
    const queue = memoryQueue('texts');
    const broken = task('broken', () => {
      throw thrown;
    });
    await startWorker({ queue, primitives: { broken } });
    const failed = distribute('broken', broken, { queue }).execute();
    expect(await failed.catch((error: unknown) => ({ error }))).toEqual({ error: thrown });
  },
);

it.each([
  [{ encode() {}, decode() {} }, 'DistributeOptions: codec.name must be a text that is not empty'],
  [{ name: 'x', encode() {} }, 'DistributeOptions: codec.decode must be a function'],
  [null, 'DistributeOptions: codec'],
])('refuses a codec without a part: %#', (codec, message) => {
  const options = { queue: memoryQueue('texts'), codec: codec as never };
  expect(() =>
    distribute(
      'a',
      task('a', () => 1),
      options,
    ),
  ).toThrow(message);
});
