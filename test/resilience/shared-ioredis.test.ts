/** What several processes share, through the real ioredis with the settings that it has by default. */
import { Redis as IORedis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CacheEntry,
  cache,
  circuitBreaker,
  type Primitive,
  rateLimit,
  redisCircuitStore,
  redisFlightStore,
  redisRateLimitStore,
  task,
} from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { captureWarnings } from '../support/warnings.ts';

const UNTIL = { timeout: 30_000, interval: 50 };

describe.skipIf(component('redis-server') === undefined)('through ioredis', () => {
  let telemetry: TestTelemetry;
  let redis: Redis | undefined;
  let clients: IORedis[];
  beforeEach(() => {
    telemetry = startTestTelemetry();
    captureWarnings();
    clients = [];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const client of clients) client.disconnect();
    await redis?.kill('SIGKILL');
    await telemetry.stop();
  });

  const connect = (port: number, keyPrefix = '') => {
    const client = new IORedis(port, { keyPrefix });
    client.on('error', () => {});
    clients.push(client);
    return client;
  };
  const work = task('work', (input: number) => input);
  const kinds: Readonly<Record<string, (client: IORedis, name: string) => Primitive<number, number>>> = {
    rate_limit: (client, name) => {
      const store = redisRateLimitStore(client, { timeoutMs: 100 });
      return rateLimit(work, { name, algorithm: 'bucket', permits: 1e6, perMs: 1_000, store });
    },
    circuit_breaker: (client, name) => {
      const store = redisCircuitStore(client, {
        timeoutMs: 100,
        lookMs: 20,
        subscriber: connect(client.options.port ?? 0),
      });
      return circuitBreaker(work, { name, consecutiveFailures: 5, openMs: 1_000, store });
    },
    cache: (client, name) => {
      const entries = new Map<string, CacheEntry>();
      const store = {
        type: 'memory',
        get: (key: string) => entries.get(key),
        set: (key: string, entry: CacheEntry) => entries.set(key, entry),
        delete: (key: string) => entries.delete(key),
      };
      return cache(work, { name, key: String, store, flights: redisFlightStore(client, { timeoutMs: 100 }) });
    },
  };

  it.each(Object.keys(kinds))(
    '%s works before Redis is there, with it, and without it again',
    { timeout: 90_000 },
    async (kind) => {
      const port = await freePort();
      const labels = { primitive_type: kind, primitive_name: `through ioredis ${kind}` };
      const primitive = kinds[kind]?.(connect(port), labels.primitive_name) as Primitive<number, number>;
      let input = 0;
      const runs = async (isLocal: number) => {
        input += 1;
        expect(await primitive.execute(input)).toBe(input);
        await telemetry.expectMetric('tta_shared_state_local', labels, isLocal);
      };
      await vi.waitFor(() => runs(1), UNTIL);
      redis = await startRedis({ port });
      await vi.waitFor(() => runs(0), UNTIL);
      await redis.kill('SIGKILL');
      await vi.waitFor(() => runs(1), UNTIL);
      redis = await startRedis({ port });
      await vi.waitFor(() => runs(0), UNTIL);
    },
  );

  it('hears of a change by a subscriber of a client that puts a prefix before its keys', async () => {
    redis = await startRedis();
    const { port } = redis;
    let isDown = false;
    const ask = task('ask', () => {
      if (isDown) throw new Error('down');
      return 'ok';
    });
    const guard = () => {
      const client = connect(port, 'app:');
      const store = redisCircuitStore(client, {
        timeoutMs: 20_000,
        subscriber: connect(port, 'app:'),
        lookMs: 3_600_000,
      });
      return circuitBreaker(ask, { name: 'prefixed', consecutiveFailures: 1, openMs: 3_600_000, store });
    };
    const [one, other] = [guard(), guard()];
    expect(await other.execute(0)).toBe('ok');
    await vi.waitFor(
      () => redis?.cli('pubsub', 'numsub', 'tta-circuit:').then((all) => expect(all).toBe('tta-circuit:\n1')),
      UNTIL,
    );
    isDown = true;
    await expect(one.execute(0)).rejects.toThrow('down');
    isDown = false;
    await vi.waitFor(() => expect(other.execute(0)).rejects.toThrow('is open because'), UNTIL);
  });
});
