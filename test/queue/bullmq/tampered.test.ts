/** Jobs that somebody has changed in Redis. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bullmqQueue, type DeadJob, type JobQueue, type WorkerHandle } from '../../../src/queue/index.ts';
import { component } from '../../support/component.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { captureWarnings } from '../../support/warnings.ts';
import { bytes, caller, echo, eventually, listener, never } from './engine.ts';

/** The largest number that Redis counts to. */
const MOST = '9223372036854775807';

const queues: JobQueue[] = [];
const workers: WorkerHandle[] = [];
let redis: Redis;
let names = 0;

describe.skipIf(component('redis-server') === undefined)('a job that was changed in Redis', () => {
  beforeAll(async () => {
    captureWarnings();
    redis = await startRedis();
  });
  afterAll(() => redis?.kill('SIGKILL'));
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.drain(0)));
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
  });

  function connect(name = `texts-${names++}`, lockMs = 500): JobQueue {
    const queue = bullmqQueue(name, { url: redis.url, lockMs, maxDeliveries: 2 });
    queues.push(queue);
    return queue;
  }

  async function work(queue: JobQueue) {
    const { starts, handler } = echo();
    const { said, events } = listener();
    workers.push(await queue.work(handler, { concurrency: 2, events }));
    return { starts, said };
  }

  const keyOf = (queue: JobQueue, id: string) => `tta:${queue.name}:${id}`;

  it.each<[string, string[]]>([
    ['a parent that is no JSON', ['parent', '{', 'parentKey', 'x']],
    ['the name of a schedule', ['rjk', 'a:b:c:d:e']],
    ['a progress, a trace and a result that are no JSON', ['progress', '{', 'stacktrace', '{', 'returnvalue', '{']],
    ['an id of deduplication', ['deid', 'x']],
    ['a delay, a priority and a time that are no numbers', ['delay', 'x', 'priority', 'x', 'timestamp', 'x']],
    ['numbers of starts that are no numbers', ['ats', 'x', 'atm', 'x', 'stc', 'x']],
    ['numbers of starts that cannot grow', ['ats', MOST, 'atm', MOST, 'stc', MOST]],
  ])('is done when it has %s', async (_, fields) => {
    const queue = connect();
    const { call } = await caller(queue);
    const answer = call('ask', { id: 'a' });
    await eventually(async () => expect((await queue.stats()).waiting).toBe(1));
    await redis.cli('HSET', keyOf(queue, 'a'), ...fields);
    const { said } = await work(queue);
    expect(await answer).toBe('ask');
    expect(said.died).toEqual([]);
    expect(await (await caller(queue)).call('next')).toBe('next');
  });

  it.each<[string, string[]]>([
    ['options that are no JSON', ['HSET', 'opts', '{']],
    ['options that are no object', ['HSET', 'opts', 'null']],
    ['an inbox that is no text', ['HSET', 'opts', '{"to":7}']],
    ['no options', ['HDEL', 'opts']],
    ['no body', ['HDEL', 'data']],
  ])('ends in the list of dead jobs when it has %s, and is run by nobody', async (_, [command = '', ...rest]) => {
    const queue = connect();
    const { call } = await caller(queue);
    const answer = call('ask', { id: 'a' });
    await eventually(async () => expect((await queue.stats()).waiting).toBe(1));
    await redis.cli(command, keyOf(queue, 'a'), ...rest);
    const { starts, said } = await work(queue);
    expect(await answer).toBe('dead: what Redis holds of the job cannot be read');
    expect([starts.size, said.died]).toEqual([0, ['unreadable']]);
    expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, dead: 1 });
  });

  it.each([
    ['is gone', ['DEL']],
    ['is another kind of value', ['SET', 'x']],
  ])('is lost for its caller when what Redis holds %s, and the others are done', async (_, [command = '', ...rest]) => {
    const queue = connect();
    const { call } = await caller(queue);
    const answer = call('ask', { id: 'a' });
    await eventually(async () => expect((await queue.stats()).waiting).toBe(1));
    await redis.cli(command, keyOf(queue, 'a'), ...rest);
    const { starts } = await work(queue);
    const next = await call('next');
    expect(next).toBe('next');
    expect(await answer).toMatch(/^(lost|dead: what Redis holds of the job cannot be read)$/);
    expect(starts.get('ask')).toBeUndefined();
    await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0 }));
  });

  it.each(['99999999999999', '-1e308', 'nan', 'x'])(
    'is accepted now when it says that it was accepted at %s',
    async (at) => {
      const queue = connect();
      const { call } = await caller(queue);
      const answer = call('ask', { id: 'a' });
      await eventually(async () => expect((await queue.stats()).waiting).toBe(1));
      const began = Date.now();
      await redis.cli('HSET', keyOf(queue, 'a'), 'at', at);
      const seen: unknown[] = [];
      const worker = await queue.work(
        async (job, run) => {
          seen.push(run.waitedMs, Number(await redis.cli('HGET', keyOf(queue, 'a'), 'at')));
          await run.reply(job.body);
          return { end: 'done' };
        },
        { concurrency: 1, events: listener().events },
      );
      workers.push(worker);
      expect(await answer).toBe('ask');
      const [waitedMs, acceptedAt] = seen as number[];
      expect(waitedMs).toBe(0);
      expect(acceptedAt).toBeGreaterThanOrEqual(began);
      expect(acceptedAt).toBeLessThanOrEqual(Date.now());
    },
  );

  it('is not brought to a worker when it is larger than any memory should hold', async () => {
    const queue = connect(undefined, 10_000);
    const { call } = await caller(queue);
    const answer = call('ask', { id: 'a' });
    await eventually(async () => expect((await queue.stats()).waiting).toBe(1));
    const grow = "return redis.call('HSET', KEYS[1], 'data', string.rep('x', 64000001))";
    await redis.cli('EVAL', grow, '1', keyOf(queue, 'a'));
    const { starts, said } = await work(queue);
    expect(await answer).toBe('dead: what Redis holds of the job cannot be read');
    expect([starts.size, said.died]).toEqual([0, ['unreadable']]);
  });

  it.each([
    ['is another kind of value', ['SET'], ['x']],
    ['has the last id that there can be', ['XADD'], ['18446744073709551615-18446744073709551615', 'id', 'x']],
  ])('keeps no worker busy when its inbox %s', async (_, [command = ''], rest) => {
    const queue = connect();
    await redis.cli(command, keyOf(queue, 'replies-bad'), ...rest);
    for (const id of ['a', 'b', 'c']) await queue.send({ id, replyTo: 'bad', body: bytes(id) }, never);
    const { starts } = await work(queue);
    expect(await (await caller(queue)).call('next')).toBe('next');
    expect([...starts.keys()].sort()).toEqual(['a', 'b', 'c', 'next']);
  });

  it.each(['wait', 'workers', 'replies-x', 'events'])(
    'ends nothing but itself when its id is the key %s',
    async (id) => {
      const queue = connect();
      await redis.cli('XADD', keyOf(queue, 'replies-x'), '*', 'id', 'of another job');
      const { call } = await caller(queue);
      const answers = Promise.all(['a', 'b', 'c'].map((each) => call(each)));
      await eventually(async () => expect((await queue.stats()).waiting).toBe(3));
      await redis.cli('RPUSH', keyOf(queue, 'wait'), id);
      await work(queue);
      expect(await answers).toEqual(['a', 'b', 'c']);
      expect(await redis.cli('XLEN', keyOf(queue, 'replies-x'))).toBe('1');
      await eventually(async () => expect(await queue.stats()).toMatchObject({ waiting: 0, running: 0, workers: 1 }));
    },
  );

  it('does not break the list of dead jobs', async () => {
    const queue = connect();
    const worker = await queue.work(async () => ({ end: 'dead', why: 'bad' }), {
      concurrency: 1,
      events: listener().events,
    });
    workers.push(worker);
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      await queue.send({ id, replyTo: 'nowhere', body: bytes(`body of ${id}`) }, never);
    await eventually(async () => expect((await queue.stats()).dead).toBe(5));
    await redis.cli('HSET', keyOf(queue, 'b'), 'opts', '{', 'stacktrace', '{', 'data', '{', 'at', 'x', 'ats', 'x');
    await redis.cli('DEL', keyOf(queue, 'c'));
    await redis.cli('SET', keyOf(queue, 'd'), 'x');
    await redis.cli('ZADD', keyOf(queue, 'failed'), 'inf', 'f');
    const listed: DeadJob[] = [];
    for await (const job of queue.dead.list(0, 10)) listed.push(job);
    expect(listed.map(({ id }) => id)).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
    expect(await queue.dead.get('b')).toMatchObject({
      why: 'bad',
      deliveries: 0,
      sentAt: undefined,
      body: Buffer.from('{'),
    });
    expect(await queue.dead.get('d')).toMatchObject({ why: 'what Redis holds of the job cannot be read' });
    for (const id of ['b', 'c', 'd', 'f']) expect(await queue.dead.drop(id)).toBe(true);
    expect(await queue.stats()).toMatchObject({ dead: 2 });
  });
});
