import v8 from 'node:v8';
import { createKeyv, type default as KeyvRedis } from '@keyv/redis';
import type { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CacheOptions, cache, keyvStore, type Primitive, task } from '../../src/index.ts';
import { scriptedTask, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { ENTRY, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { type Redis, startRedis } from '../support/redis.ts';

const key = (input: string) => input;
const TIMEOUT_MS = 500;
/** What a miss may take on top of the bounds it waited for, on a busy machine. */
const SLACK_MS = 15_000;

describe.skipIf(component('redis-server') === undefined)('cache over a real Redis', () => {
  let telemetry: TestTelemetry;
  let redis: Redis;
  let connections: Keyv[];
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    redis = await startRedis();
    connections = [];
  });
  afterEach(async () => {
    await telemetry.stop();
    for (const keyv of connections) {
      const { client } = keyv.store as KeyvRedis<unknown>;
      if (client.isOpen) client.destroy();
    }
    await redis.kill('SIGKILL');
  });

  const connect = () => {
    const keyv = createKeyv(redis.url);
    connections.push(keyv);
    return keyv;
  };
  /** Patient, so that a busy machine looks like no ailing Redis. */
  const storeOf = (keyv: Keyv) => keyvStore(keyv, { timeoutMs: 20_000 });
  const upper = () => scriptedCount('upper');
  const scriptedCount = (name: string) => {
    let runs = 0;
    return task(name, (input: string) => `${input} ${++runs}`);
  };
  const cached = (options: Partial<CacheOptions<string>> = {}, store = storeOf(connect())) =>
    cache(upper(), { key, store, ...options });
  const impatient = () => cached({}, keyvStore(connect(), { timeoutMs: TIMEOUT_MS }));
  const errorCount = async (reasons: RegExp) => {
    const { samples } = await telemetry.scrape();
    const errors = samples.filter(({ name }) => name === 'tta_cache_store_errors_total');
    return errors.reduce((sum, { labels, value }) => sum + (reasons.test(labels.reason ?? '') ? value : 0), 0);
  };

  const errorsOf = (labels: Record<string, string>, value: number) =>
    telemetry.expectMetric('tta_cache_store_errors_total', { cache_type: 'redis', ...labels }, value);
  const lookupsOf = async (hits: number, misses: number) => {
    await telemetry.expectMetric('tta_cache_hits_total', { cache_type: 'redis' }, hits);
    await telemetry.expectMetric('tta_cache_misses_total', { cache_type: 'redis' }, misses);
  };
  /** Whether values are kept again. */
  const repeats = async (primitive: Primitive<string, string>, input: string) => {
    const first = await primitive.execute(input);
    return first === (await primitive.execute(input));
  };
  const timed = async <T>(work: () => Promise<T>) => {
    const start = performance.now();
    return [await work(), performance.now() - start] as const;
  };

  it('finds what another connection has kept', async () => {
    expect(await cached().execute('a')).toBe('a 1');
    expect(await cached().execute('a')).toBe('a 1');
    expect(await redis.cli('--scan')).toContain('upper@1:a');
    await lookupsOf(1, 1);
    await errorsOf({}, 0);
  });

  it('finds what another process has kept', async () => {
    const program = (word: string) => `
      import { cache, keyvStore, task } from '${ENTRY.main}';
      import { createKeyv } from '${import.meta.resolve('@keyv/redis')}';
      const keyv = createKeyv('${redis.url}');
      const store = keyvStore(keyv, { timeoutMs: 10_000 });
      const say = cache(task('say', () => ({ by: '${word}', at: undefined })), { key: String, store, ttlMs: 60_000 });
      console.log(JSON.stringify(await say.execute('x')));
      await keyv.disconnect();`;
    for (const word of ['first', 'second']) {
      const { code, stdout, stderr } = await runModule(program(word)).exited;
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '{"by":"first"}\n', stderr: '' });
    }
  });

  it.each([[undefined], [null], [0], [''], [{ deep: [1, 'two', null] }], [Buffer.from('bytes')]])(
    'keeps %j as it is',
    async (value) => {
      const inner = scriptedTask<string, unknown>('value', [{ result: value }, { error: new Error('asked twice') }]);
      const store = storeOf(connect());
      for (let i = 0; i < 2; i++) expect(await cache(inner, { key, store }).execute('a')).toEqual(value);
    },
  );

  it('keeps what is more than JSON through a codec', async () => {
    const codec = {
      encode: (value: unknown) => v8.serialize(value).toString('base64'),
      decode: (text: string) => v8.deserialize(Buffer.from(text, 'base64')),
    };
    const value = new Map([['when', new Date(0)]]);
    const inner = scriptedTask<string, unknown>('value', [{ result: value }, { error: new Error('asked twice') }]);
    const store = keyvStore(connect(), { codec });
    for (let i = 0; i < 2; i++) expect(await cache(inner, { key, store }).execute('a')).toEqual(value);
  });

  it('lets Redis forget a value when its time is over', async () => {
    const primitive = cached({ ttlMs: 300 });
    expect(await primitive.execute('a')).toBe('a 1');
    expect(await primitive.execute('a')).toBe('a 1');
    await vi.waitFor(async () => expect(await redis.cli('dbsize')).toBe('0'), 30_000);
    expect(await primitive.execute('a')).toBe('a 2');
  });

  it('tells caches and versions apart, and hashes long keys', async () => {
    const store = storeOf(connect());
    const asked = [cached({ namespace: 'one' }, store), cached({ namespace: 'two' }, store)];
    asked.push(cached({ namespace: 'one', version: '2' }, store));
    const long = 'x'.repeat(100_000);
    for (const primitive of asked) expect(await primitive.execute(long)).toBe(`${long} 1`);
    expect(await asked[0]?.execute(long)).toBe(`${long} 1`);
    const keys = (await redis.cli('--scan')).split('\n').sort();
    expect(keys.map((name) => name.replace(/[0-9a-f]{64}/, 'SHA-256'))).toEqual([
      'one@1:#SHA-256',
      'one@2:#SHA-256',
      'two@1:#SHA-256',
    ]);
  });

  it('asks Redis once and runs the primitive once for many who ask at the same time', async () => {
    const primitive = cached();
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => primitive.execute('a')));
    expect(new Set(answers)).toEqual(new Set(['a 1']));
    expect(await redis.cli('info', 'commandstats')).toMatch(/cmdstat_get:calls=1,/);
    await lookupsOf(999, 1);
  });

  it.each([
    ['no JSON', '{"value": {"val'],
    ['no entry of a cache', '{"value":{"other":1}}'],
    ['something of another type', undefined],
  ])('runs the primitive and writes again where Redis holds %s', async (_, garbage) => {
    if (garbage === undefined) await redis.cli('lpush', 'upper@1:a', 'x');
    else await redis.cli('set', 'upper@1:a', garbage);
    const primitive = cached();
    expect(await primitive.execute('a')).toBe('a 1');
    expect(await primitive.execute('a')).toBe('a 1');
    await lookupsOf(1, 1);
    await errorsOf({ operation: 'get', reason: garbage === undefined ? 'failed' : 'corrupt' }, 1);
    await errorsOf({}, 1);
  });

  it('goes on without a Redis that is killed, and with it when it is back', async () => {
    const primitive = impatient();
    expect(await primitive.execute('a')).toBe('a 1');
    const before = await errorCount(/./);
    await redis.kill('SIGKILL');
    for (let run = 2; run <= 4; run++) {
      const [answer, ms] = await timed(() => primitive.execute('a'));
      expect(answer).toBe(`a ${run}`);
      expect(ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS);
    }
    // By now it is left alone: a hundred runs, one after the other, wait for one bound at most each second.
    const [, ms] = await timed(async () => {
      for (let i = 0; i < 100; i++) await primitive.execute('a');
    });
    expect(ms).toBeLessThan(4 * TIMEOUT_MS + SLACK_MS);
    await lookupsOf(0, 104);
    expect(await errorCount(/skipped/)).toBeGreaterThan(150);
    // All that was asked of it since came to nothing.
    expect((await errorCount(/./)) - before).toBe(2 * 103);
    redis = await startRedis({ port: redis.port });
    await vi.waitUntil(() => repeats(primitive, 'b'), 20_000);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'cache', status: 'failure' }, 0);
  });

  it('waits for no Redis that is not there from the beginning', async () => {
    const primitive = impatient();
    await redis.kill('SIGKILL');
    const [answer, ms] = await timed(() => primitive.execute('a'));
    expect(answer).toBe('a 1');
    expect(ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS);
    expect(await errorCount(/timeout|failed/)).toBe(2);
    const span = telemetry.spans().find(({ name }) => name === 'cache CachePrimitive');
    expect(span?.events.map(({ name, attributes }) => [name, attributes?.['tta.cache.store.operation']])).toEqual([
      ['tta.cache.store_error', 'get'],
      ['tta.cache.store_error', 'set'],
    ]);
  });

  it('waits for a Redis that hangs no longer than the bound, then not at all', async () => {
    const primitive = impatient();
    await primitive.execute('a');
    const before = await errorCount(/timeout/);
    await redis.kill('SIGSTOP');
    const [answer, ms] = await timed(() => primitive.execute('a'));
    expect(answer).toBe('a 2');
    expect(ms).toBeGreaterThanOrEqual(2 * TIMEOUT_MS - 5);
    expect(ms).toBeLessThan(2 * TIMEOUT_MS + SLACK_MS);
    expect((await errorCount(/timeout/)) - before).toBe(2);
    for (let run = 3; run <= 12; run++) expect(await primitive.execute('a')).toBe(`a ${run}`);
    expect(await errorCount(/skipped/)).toBeGreaterThan(10);
    await redis.kill('SIGCONT');
    await vi.waitUntil(() => repeats(primitive, 'a'), 20_000);
  });

  it('rejects in the tick of the abort while it waits for a Redis that hangs', async () => {
    const primitive = cached();
    await primitive.execute('a');
    await redis.kill('SIGSTOP');
    const controller = new AbortController();
    let rejected: unknown;
    primitive.execute('a', { signal: controller.signal }).catch((reason: unknown) => {
      rejected = reason;
    });
    await new Promise(setImmediate);
    const reason = new Error('left');
    controller.abort(reason);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(rejected).toBe(reason);
    await lookupsOf(0, 1);
    await errorsOf({}, 0);
  });

  it('answers from a Redis that is full, though it keeps nothing new', async () => {
    const primitive = cached();
    expect(await primitive.execute('a')).toBe('a 1');
    await redis.cli('config', 'set', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    expect(await primitive.execute('a')).toBe('a 1');
    expect(await primitive.execute('b')).toBe('b 2');
    expect(await primitive.execute('b')).toBe('b 3');
    await lookupsOf(1, 3);
    await errorsOf({ operation: 'set', reason: 'failed' }, 2);
    await errorsOf({}, 2);
    const event = telemetry.spans().flatMap(({ events }) => events)[0];
    expect(event?.attributes?.['exception.message']).toMatch(/OOM/);
    await redis.cli('config', 'set', 'maxmemory', '0');
    expect(await primitive.execute('b')).toBe('b 4');
    expect(await primitive.execute('b')).toBe('b 4');
  });

  it('answers with a stale value and has the fresh one written', async () => {
    const primitive = cached({ ttlMs: 50, staleMs: 60_000 });
    expect(await primitive.execute('a')).toBe('a 1');
    await vi.waitUntil(async () => (await primitive.execute('a')) === 'a 2', 30_000);
    expect(Number(await redis.cli('pttl', 'upper@1:a'))).toBeGreaterThan(50_000);
    await telemetry.expectMetric('tta_cache_misses_total', {}, 1);
  });
});
