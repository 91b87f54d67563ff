import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CircuitOpenError,
  type CircuitRequest,
  type CircuitStep,
  circuitBreaker,
  type RedisCircuitStoreOptions,
  type RedisLike,
  redisCircuitStore,
  task,
} from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { memoryCircuitStore } from '../support/memory-circuit-store.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { connectRedis, type TestClient, timedRedis } from '../support/redis-client.ts';
import { captureWarnings } from '../support/warnings.ts';

let tests = 0;
const PATIENT = { timeoutMs: 20_000 };
const UNTIL = { timeout: 30_000, interval: 20 };

describe.skipIf(component('redis-server') === undefined)('redisCircuitStore over a real Redis', () => {
  let redis: Redis;
  let telemetry: TestTelemetry;
  let clients: TestClient[];
  let name: string;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.kill('SIGKILL'));
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    await redis.cli('flushall');
    clients = [];
    tests += 1;
    name = `guard ${tests}`;
    captureWarnings();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    endChildren();
    for (const client of clients) client.destroy();
    await telemetry.stop();
  });

  const connect = async (url = redis.url) => {
    const client = await connectRedis(url);
    clients.push(client);
    return client;
  };
  const guard = (client: RedisLike, store: RedisCircuitStoreOptions = {}, options: { openMs?: number } = {}) =>
    circuitBreaker(
      task('work', (say: string) => {
        if (say === 'bad') throw new Error('it is down');
        return say;
      }),
      {
        ...{ name, consecutiveFailures: 2, openMs: 60_000, ...options },
        store: redisCircuitStore(client, { ...PATIENT, ...store }),
      },
    );
  type Guarded = ReturnType<typeof guard>;
  const fail = async (primitive: Guarded) => {
    for (let i = 0; i < 2; i++) await expect(primitive.execute('bad')).rejects.toThrow('it is down');
  };
  const refuses = (primitive: Guarded) =>
    vi.waitFor(() => expect(primitive.execute('good')).rejects.toMatchObject({ name: 'CircuitOpenError' }), UNTIL);
  const answers = (primitive: Guarded) =>
    vi.waitFor(async () => expect(await primitive.execute('good')).toBe('good'), UNTIL);
  const isLocal = (value: number) => telemetry.expectMetric('tta_shared_state_local', { primitive_name: name }, value);

  it.each(['9999999999999', '1e308', 'nan'])(
    'is open for no longer than the rules say when Redis says until %s',
    async (until) => {
      await fail(guard(await connect()));
      const other = guard(await connect());
      await refuses(other);
      const key = (await redis.cli('keys', 'tta-circuit:*')).split('\n')[0] as string;
      await redis.cli('hset', key, 'next', until);
      const third = guard(await connect());
      const refused = (await third.execute('good').catch((error: unknown) => error)) as CircuitOpenError;
      expect(refused.name).toBe('CircuitOpenError');
      expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000);
    },
  );

  it('opens in every process, and closes in every process after a probe', { timeout: 60_000 }, async () => {
    const program = (work: string) => `
      import { circuitBreaker, redisCircuitStore, task } from '${ENTRY.main}';
      import { createClient } from '${import.meta.resolve('@redis/client')}';
      const client = createClient({ url: '${redis.url}' });
      await client.connect();
      const like = { eval: (script, n, ...all) =>
        client.eval(script, { keys: all.slice(0, n), arguments: all.slice(n).map(String) }) };
      const store = redisCircuitStore(like, { timeoutMs: 20_000, lookMs: 50 });
      let isDown = false;
      const work = task('work', () => { if (isDown) throw new Error('down'); return 'ok'; });
      const guarded = circuitBreaker(work, { name: 'p', consecutiveFailures: 3, openMs: 2_000, store });
      const say = async () => guarded.execute().catch((error) => error.name);
      const until = async (word) => { while (await say() !== word) await new Promise((go) => setTimeout(go, 20)); };
      ${work}
      process.exit();`;
    const one = runModule(
      program("await until('ok'); isDown = true; await until('CircuitOpenError'); isDown = false; await until('ok');"),
    );
    const two = runModule(program("await until('CircuitOpenError'); await until('ok');"));
    for (const child of [one, two]) expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it('hears of a change by its subscriber, and asks nothing else while the circuit is closed', async () => {
    const [client, other] = [await connect(), await connect()];
    const listening = guard(client, { subscriber: await client.subscriber() });
    await answers(listening);
    await vi.waitFor(() => redis.cli('pubsub', 'channels').then((all) => expect(all).toContain('tta-circuit:')), UNTIL);
    const before = client.calls;
    for (let i = 0; i < 1_000; i++) await listening.execute('good');
    expect(client.calls - before).toBeLessThanOrEqual(1);
    await fail(guard(other));
    await refuses(listening);
  });

  it('does what a circuit of one process does', { timeout: 60_000 }, async () => {
    const rules = fc.record({
      openMs: fc.nat(100),
      openFactor: fc.double({ min: 1, max: 3, noNaN: true }),
      maxOpenMs: fc.nat(1_000),
      halfOpenProbes: fc.integer({ min: 1, max: 3 }),
    });
    const steps = fc.constantFrom<CircuitStep>('look', 'open', 'admit', 'admit', 'succeeded', 'failed', 'unknown');
    const moves = fc.array(fc.record({ step: steps, ms: fc.nat(60), back: fc.nat(1) }), { maxLength: 40 });
    const clock = { at: 1_900_000_000_000, now: () => clock.at };
    const timed = timedRedis(await connect(), () => clock.at * 1_000);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(rules, moves, async (rules, moves) => {
        const stores = [redisCircuitStore(timed), memoryCircuitStore(clock).store];
        const circuit = `random ${count++}`;
        const epochs = [[0], [0]];
        for (const { step, ms, back } of moves) {
          clock.at += ms;
          const told = [];
          for (const [i, store] of stores.entries()) {
            const known = epochs[i] as number[];
            const epoch = known.at(-1 - back) ?? 0;
            const request: CircuitRequest = {
              ...rules,
              maxOpenMs: rules.openMs + rules.maxOpenMs,
              circuit,
              step,
              epoch,
              process: 'p',
            };
            const answer = await store.step(request);
            if (answer.epoch !== known.at(-1)) known.push(answer.epoch);
            told.push({
              ...answer,
              epoch: known.length,
              leftMs: Math.round(answer.leftMs),
              openings: answer.state === 'closed' ? 0 : answer.openings,
            });
          }
          expect(told[0]).toEqual(told[1]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('opens for all when as many processes agree as it is told', async () => {
    const store = redisCircuitStore(await connect(), { minProcesses: 2 });
    const request = {
      circuit: 'a',
      step: 'open',
      epoch: 0,
      openMs: 60_000,
      openFactor: 2,
      maxOpenMs: 60_000,
      halfOpenProbes: 1,
    } as const;
    expect(await store.step({ ...request, process: 'one' })).toMatchObject({ state: 'closed' });
    expect(await store.step({ ...request, process: 'one' })).toMatchObject({ state: 'closed' });
    expect(await store.step({ ...request, process: 'two' })).toMatchObject({ state: 'open', openings: 1 });
  });

  it('keeps a process closed that sees no failure while another has opened for itself', async () => {
    const [one, two] = [
      guard(await connect(), { minProcesses: 2, lookMs: 1 }),
      guard(await connect(), { minProcesses: 2, lookMs: 1 }),
    ];
    await answers(two);
    await fail(one);
    await refuses(one);
    for (let i = 0; i < 20; i++) expect(await two.execute('good')).toBe('good');
  });

  it('leaves keys in Redis that end by themselves', async () => {
    await fail(guard(await connect()));
    await vi.waitFor(async () => expect(await redis.cli('--scan')).not.toBe(''), UNTIL);
    for (const key of (await redis.cli('--scan')).split('\n')) {
      expect(key).toContain('tta-circuit:{circuit:');
      expect(Number(await redis.cli('pttl', key))).toBeGreaterThan(0);
    }
  });

  it('goes on by itself while Redis hangs, and tells the others when it answers again', {
    timeout: 60_000,
  }, async () => {
    const [one, two] = [
      guard(await connect(), { timeoutMs: 100, lookMs: 20 }, { openMs: 300 }),
      guard(await connect(), { timeoutMs: 5_000, lookMs: 20 }, { openMs: 300 }),
    ];
    await answers(one);
    await redis.kill('SIGSTOP');
    await fail(one);
    await expect(one.execute('good')).rejects.toThrow('is open');
    await vi.waitFor(() => isLocal(1), UNTIL);
    await answers(one);
    await redis.kill('SIGCONT');
    await vi.waitFor(async () => {
      await one.execute('good');
      await isLocal(0);
    }, UNTIL);
    await answers(two);
    await vi.waitFor(async () => {
      await one.execute('bad').catch(() => {});
      await expect(two.execute('good')).rejects.toThrow('is open');
    }, UNTIL);
  });

  it('is closed again in a Redis that has lost everything, and opens anew', { timeout: 60_000 }, async () => {
    const own = await startRedis();
    const [one, two] = [guard(await connect(own.url), { lookMs: 20 }), guard(await connect(own.url), { lookMs: 20 })];
    await answers(two);
    await fail(one);
    await refuses(two);
    await own.kill('SIGKILL');
    const again = await startRedis({ port: own.port });
    try {
      await answers(two);
      await fail(two);
      await refuses(two);
    } finally {
      for (const client of clients.splice(0)) client.destroy();
      await again.kill('SIGKILL');
    }
  });

  it.each([
    ['another type', ['lpush', 'x']],
    ['an unknown state', ['hset', 'state', 'ajar']],
    ['no numbers', ['hset', 'epoch', 'ten']],
  ])('goes on by itself where the key holds %s', async (_, [command = '', ...more]) => {
    const client = await connect();
    const one = guard(client);
    const key = `tta-circuit:{circuit:${name}:${JSON.stringify([
      ['consecutiveFailures', 2],
      ['openMs', 60_000],
    ])}:}`;
    await redis.cli(command, key, ...more);
    await answers(one);
    await isLocal(1);
  });
});
