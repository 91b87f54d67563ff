import { createKeyv } from '@keyv/redis';
import type { Keyv } from 'keyv';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cache, type FlightStore, keyvStore, redisFlightStore, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { connectRedis, type TestClient } from '../support/redis-client.ts';
import { captureWarnings } from '../support/warnings.ts';

const UNTIL = { timeout: 30_000, interval: 20 };
const flightOf = (token: string) => ({ key: 'k', token, leaseMs: 60_000 });

describe.skipIf(component('redis-server') === undefined)('redisFlightStore over a real Redis', () => {
  let redis: Redis;
  let client: TestClient;
  let store: FlightStore;
  let telemetry: TestTelemetry;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.kill('SIGKILL'));
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    captureWarnings();
    await redis.cli('flushall');
    client = await connectRedis(redis.url);
    store = redisFlightStore(client);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    endChildren();
    client.destroy();
    await telemetry.stop();
  });

  /** Runs this in a process of its own. `count` says how often the primitive ran. */
  const child = (work: string, options = '') =>
    runModule(`
      import { cache, keyvStore, redisFlightStore, task } from '${ENTRY.main}';
      import { createClient } from '${import.meta.resolve('@redis/client')}';
      import { createKeyv } from '${import.meta.resolve('@keyv/redis')}';
      const client = createClient({ url: '${redis.url}' });
      await client.connect();
      const like = { eval: (script, n, ...all) =>
        client.eval(script, { keys: all.slice(0, n), arguments: all.slice(n).map(String) }) };
      const flights = redisFlightStore(like, { timeoutMs: 20_000, leaseMs: 2_000 });
      const store = keyvStore(createKeyv('${redis.url}'), { timeoutMs: 20_000 });
      const work = task('work', async (input) => {
        await client.incr('runs');
        ${work}
        return 'by ' + process.pid;
      });
      const cached = cache(work, { key: String, store, flights, ttlMs: 60_000 ${options} });
      console.log('value ' + (await cached.execute('x').catch((error) => error.message)));
      process.exit();`);
  const pause = (ms: number) => `await new Promise((go) => setTimeout(go, ${ms}));`;

  it('runs once for eight processes that ask at the same time', { timeout: 120_000 }, async () => {
    const gate = "while ((await client.get('go')) === null) await new Promise((go) => setTimeout(go, 20));";
    const children = Array.from({ length: 8 }, () => child(gate));
    await vi.waitFor(async () => expect(await redis.cli('get', 'runs')).toBe('1'), UNTIL);
    await redis.cli('set', 'go', '1');
    const values = await Promise.all(children.map((each) => each.says('value ')));
    expect(new Set(values).size).toBe(1);
    expect(await redis.cli('get', 'runs')).toBe('1');
  });

  it('lets another process run when the one that ran is killed', { timeout: 60_000 }, async () => {
    const first = child('await new Promise(() => setTimeout(() => {}, 1e9));');
    await vi.waitFor(async () => expect(await redis.cli('get', 'runs')).toBe('1'), UNTIL);
    const others = [child(pause(300)), child(pause(300))];
    first.kill('SIGKILL');
    const values = await Promise.all(others.map((each) => each.says('value by ')));
    expect(new Set(values).size).toBe(1);
    expect(await redis.cli('get', 'runs')).toBe('2');
  });

  it('keeps the key of a run that takes longer than its lease', { timeout: 60_000 }, async () => {
    const first = child(pause(5_000));
    await vi.waitFor(async () => expect(await redis.cli('get', 'runs')).toBe('1'), UNTIL);
    const second = child('');
    expect(await second.says('value by ')).toBe(await first.says('value by '));
    expect(await redis.cli('get', 'runs')).toBe('1');
  });

  it('gives a key free only for the run that has it', async () => {
    expect(await store.begin(flightOf('a'), false)).toBe('taken');
    expect(await store.begin(flightOf('a'), false)).toBe('taken');
    expect(await store.begin(flightOf('b'), false)).toBe('held');
    await store.end(flightOf('b'), false);
    await store.renew({ ...flightOf('b'), leaseMs: 1 });
    expect(await store.begin(flightOf('c'), true)).toBe('held');
    await store.end(flightOf('a'), true);
    expect(await store.begin(flightOf('b'), false)).toBe('done');
    expect(await store.begin(flightOf('b'), true)).toBe('taken');
    await store.end(flightOf('a'), true);
    expect(await store.begin(flightOf('c'), false)).toBe('held');
    await store.end(flightOf('b'), false);
    expect(await store.begin(flightOf('c'), false)).toBe('taken');
    expect(Number(await redis.cli('pttl', 'tta-flight:k'))).toBeGreaterThan(0);
  });

  it('runs by itself while Redis hangs, is full, or has something else under the key', {
    timeout: 60_000,
  }, async () => {
    const own = await startRedis();
    const keyv: Keyv = createKeyv(redis.url);
    const other = await connectRedis(own.url);
    const flights = redisFlightStore(other, { timeoutMs: 100 });
    let runs = 0;
    const work = task('work', (input: string) => `${input} ${++runs}`);
    const cached = cache(work, { name: 'hung', key: String, store: keyvStore(keyv, { timeoutMs: 20_000 }), flights });
    try {
      await own.cli('lpush', 'tta-flight:hung@1:a', 'x');
      expect(await cached.execute('a')).toBe('a 1');
      await own.cli('config', 'set', 'maxmemory', '1');
      expect(await cached.execute('b')).toBe('b 2');
      await own.kill('SIGSTOP');
      for (let i = 3; i < 40; i++) expect(await cached.execute(`${i}`)).toBe(`${i} ${i}`);
      await telemetry.expectMetric('tta_shared_state_local', { primitive_name: 'hung' }, 1);
      await own.kill('SIGCONT');
      await own.cli('config', 'set', 'maxmemory', '0');
      await vi.waitFor(async () => {
        await cached.execute(`later ${++runs}`);
        await telemetry.expectMetric('tta_shared_state_local', { primitive_name: 'hung' }, 0);
      }, UNTIL);
    } finally {
      other.destroy();
      await keyv.disconnect();
      await own.kill('SIGKILL');
    }
  });
});
