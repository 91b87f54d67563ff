import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RateLimitStore, type RedisLike, rateLimit, redisRateLimitStore, task } from '../../src/index.ts';
import { type Bucket, filled, fullBucket, waitMs } from '../../src/resilience/token-bucket.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { connectRedis, type TestClient, timedRedis } from '../support/redis-client.ts';
import { captureWarnings } from '../support/warnings.ts';

const RULES = { permits: 100, perMs: 1_000, burst: 10 };
let tests = 0;
const PATIENT = { timeoutMs: 20_000 };

describe.skipIf(component('redis-server') === undefined)('redisRateLimitStore over a real Redis', () => {
  let redis: Redis;
  let client: TestClient;
  let telemetry: TestTelemetry;
  let name: string;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.kill('SIGKILL'));
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    await redis.cli('flushall');
    client = await connectRedis(redis.url);
    name = `limit ${++tests}`;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    endChildren();
    client.destroy();
    await telemetry.stop();
  });

  const take = (store: RateLimitStore, weight: number, over: { longestMs?: number; process?: string } = {}) =>
    store.take({ ...RULES, bucket: 'a', weight, longestMs: undefined, process: undefined, ...over });
  const limited = (over: RedisLike = client, options = {}, timeoutMs = PATIENT.timeoutMs) =>
    rateLimit(
      task('work', (id: number) => id),
      {
        ...{ name, algorithm: 'bucket', permits: 1_000_000, perMs: 1_000 },
        store: redisRateLimitStore(over, { timeoutMs }),
        ...options,
      },
    );
  const errorsOf = async () => {
    const { samples } = await telemetry.scrape();
    return samples.find((each) => each.name === 'tta_shared_state_errors_total' && each.labels.primitive_name === name)
      ?.value;
  };
  const isLocal = (value: number) => telemetry.expectMetric('tta_shared_state_local', { primitive_name: name }, value);

  it('never starts more in four processes than one bucket allows', { timeout: 60_000 }, async () => {
    const program = `
      import { rateLimit, redisRateLimitStore, task } from '${ENTRY.main}';
      import { createClient } from '${import.meta.resolve('@redis/client')}';
      const client = createClient({ url: '${redis.url}' });
      await client.connect();
      const like = { eval: (script, n, ...all) =>
        client.eval(script, { keys: all.slice(0, n), arguments: all.slice(n).map(String) }) };
      const rules = { name: 'p', algorithm: 'bucket', permits: 100, perMs: 1_000, burst: 10 };
      const store = redisRateLimitStore(like, { timeoutMs: 20_000 });
      const work = rateLimit(task('work', () => performance.timeOrigin + performance.now()), { ...rules, store });
      const go = new Promise((resolve) => process.on('SIGUSR2', resolve));
      console.log('ready');
      await go;
      const times = await Promise.all(Array.from({ length: 60 }, () => work.execute()));
      console.log('times ' + JSON.stringify(times));
      client.destroy();
      process.exit();`;
    const children = Array.from({ length: 4 }, () => runModule(program));
    await Promise.all(children.map((child) => child.says('ready')));
    // The clock of this machine is that of Redis too: the bucket cannot have been asked before.
    const before = performance.timeOrigin + performance.now();
    for (const child of children) child.kill('SIGUSR2');
    const told = await Promise.all(children.map((child) => child.says('times ')));
    const times = told.flatMap((each) => JSON.parse(each) as number[]).sort((a, b) => a - b);
    expect(times).toHaveLength(240);
    for (const [i, at] of times.entries()) {
      const allowed = RULES.burst + ((at - before) * RULES.permits) / RULES.perMs;
      expect(i + 1).toBeLessThanOrEqual(allowed);
    }
  });

  it('has the arithmetic of the bucket of one process', { timeout: 60_000 }, async () => {
    let micros = 1_900_000_000_000_000;
    const store = redisRateLimitStore(timedRedis(client, () => micros));
    let bucketNumber = 0;
    const step = fc.record({ weight: fc.double({ min: 0, max: 1, noNaN: true }), after: fc.nat(3_000_000) });
    const rules = fc.record({
      permits: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
      perMs: fc.integer({ min: 1, max: 3_600_000 }),
      burst: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(rules, fc.array(step, { maxLength: 20 }), async (rules, steps) => {
        const bucket = `random ${bucketNumber++}`;
        let local: Bucket = fullBucket(rules);
        for (const { weight: share, after } of steps) {
          micros += after;
          const at = micros / 1_000;
          const weight = share * rules.burst;
          const expected = waitMs(rules, local, weight, at);
          const given = await store.take({ ...rules, bucket, weight, longestMs: undefined, process: undefined });
          expect(given.waitMs).toBeCloseTo(expected, 3 - Math.log10(Math.max(1, expected)));
          const { available } = filled(rules, local, at);
          local = { available: available - weight, at };
          expect(given.available / rules.burst).toBeCloseTo(local.available / rules.burst, 4);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('puts permits back for later ones, but not those that others count on', async () => {
    const slow = { ...RULES, permits: 0.001, bucket: 'slow' };
    const store = redisRateLimitStore(client);
    const ask = async (weight: number) => store.take({ ...slow, weight, longestMs: undefined, process: undefined });
    await ask(10);
    const [second, third] = [await ask(3), await ask(2)];
    expect(third.available).toBeCloseTo(-5, 3);
    await store.giveBack({ ...slow, weight: 3, readyAt: second.readyAt });
    expect((await ask(0)).available).toBeCloseTo(-4, 3);
    await store.giveBack({ ...slow, weight: 2, readyAt: third.readyAt });
    expect((await ask(0)).available).toBeCloseTo(-2, 3);
  });

  it('counts the processes that use it, takes decimals, and refuses without taking', async () => {
    const store = redisRateLimitStore(client);
    expect(await take(store, 2.5, { process: 'one' })).toMatchObject({ granted: true, available: 7.5, processes: 1 });
    expect(await take(store, 0, { process: 'two' })).toMatchObject({ granted: true, processes: 2 });
    expect((await take(store, 0)).processes).toBeUndefined();
    const slow = { ...RULES, permits: 1e-6, bucket: 'slow', longestMs: 5, process: undefined };
    expect(await store.take({ ...slow, weight: 10 })).toMatchObject({ granted: true, waitMs: 0 });
    const refused = await store.take({ ...slow, weight: 1 });
    expect(refused.granted).toBe(false);
    expect(refused.available).toBeCloseTo(0, 6);
  });

  it('has a bucket for each name and rules, which Redis forgets when it is full', async () => {
    await limited(client, { name: 'a', burst: 5 }).execute(1);
    await limited(client, { name: 'a', burst: 6 }).execute(1);
    await limited(client, { name: 'b', burst: 6 }).execute(1);
    const keys = (await redis.cli('--scan')).split('\n').sort();
    expect(keys).toEqual([
      'tta-rate-limit:{limit:a:1000000/1000/5}',
      'tta-rate-limit:{limit:a:1000000/1000/5}:processes',
      'tta-rate-limit:{limit:a:1000000/1000/6}',
      'tta-rate-limit:{limit:a:1000000/1000/6}:processes',
      'tta-rate-limit:{limit:b:1000000/1000/6}',
      'tta-rate-limit:{limit:b:1000000/1000/6}:processes',
    ]);
    for (const key of keys) expect(Number(await redis.cli('pttl', key))).toBeGreaterThan(0);
  });

  it('goes on by itself where the key holds something else, or Redis is full', async () => {
    captureWarnings();
    await redis.cli('set', `tta-rate-limit:{limit:${name}:1000000/1000/1000000}`, 'x');
    expect(await limited().execute(1)).toBe(1);
    await isLocal(1);
    await redis.cli('flushall');
    const used = await redis.cli('config', 'get', 'maxmemory');
    await redis.cli('config', 'set', 'maxmemory', '1');
    try {
      expect(await limited().execute(2)).toBe(2);
      expect(await errorsOf()).toBe(2);
    } finally {
      await redis.cli('config', 'set', 'maxmemory', used.split('\n')[1] ?? '0');
    }
  });

  it('goes on by itself while Redis hangs, and with it when it answers again', { timeout: 60_000 }, async () => {
    captureWarnings();
    const work = limited(client, {}, 100);
    await work.execute(0);
    await redis.kill('SIGSTOP');
    for (let i = 1; i < 50; i++) expect(await work.execute(i)).toBe(i);
    await isLocal(1);
    // Of 49 executions three waited, and then one in each second.
    expect(await errorsOf()).toBeLessThan(10);
    await redis.kill('SIGCONT');
    await vi.waitFor(async () => {
      await work.execute(50);
      await isLocal(0);
    }, 30_000);
  });

  it('needs no Redis at its start, and uses one that has lost everything', { timeout: 60_000 }, async () => {
    captureWarnings();
    const own = await startRedis();
    const other = await connectRedis(own.url);
    await own.kill('SIGKILL');
    const work = limited(other);
    expect(await work.execute(0)).toBe(0);
    await isLocal(1);
    const again = await startRedis({ port: own.port });
    try {
      await vi.waitFor(async () => {
        await work.execute(1);
        await isLocal(0);
      }, 30_000);
    } finally {
      other.destroy();
      await again.kill('SIGKILL');
    }
  });
});
