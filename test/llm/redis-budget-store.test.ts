import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BudgetReservation,
  type BudgetStore,
  budget,
  type RedisBudgetStoreOptions,
  type RedisLike,
  redisBudgetStore,
} from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { ENTRY, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { nothingPaid, paidCall } from '../support/paid-calls.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { captureWarnings } from '../support/warnings.ts';

/** What the doc comment says for node-redis. */
type Client = Pick<ReturnType<typeof createClient>, 'eval' | 'destroy'>;
const likeIoredis = (client: Client): RedisLike => ({
  eval: (script, n, ...all) =>
    client.eval(script, { keys: all.slice(0, n).map(String), arguments: all.slice(n).map(String) }),
});

const NOW = 1_900_000_000_000;
const question = (over: Partial<BudgetReservation> = {}): BudgetReservation => ({
  account: 'a',
  id: '1',
  dollars: 0.4,
  limitUsd: 1,
  now: NOW,
  expiresAt: undefined,
  ...over,
});
const end = (over: Partial<Parameters<BudgetStore['settle']>[0]> = {}) => ({
  account: 'a',
  id: '1',
  heldUsd: 0.4,
  dollars: 0.1,
  now: NOW,
  expiresAt: undefined,
  ...over,
});

describe.skipIf(component('redis-server') === undefined)('redisBudgetStore over a real Redis', () => {
  let telemetry: TestTelemetry;
  let redis: Redis;
  let clients: Client[];
  beforeEach(async () => {
    telemetry = startTestTelemetry();
    redis = await startRedis();
    clients = [];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const client of clients) client.destroy();
    await redis.kill('SIGKILL');
    await telemetry.stop();
  });

  const connect = async (options?: RedisBudgetStoreOptions) => {
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: 20 } });
    client.on('error', () => {});
    clients.push(client);
    await client.connect();
    return redisBudgetStore(likeIoredis(client), { timeoutMs: 20_000, ...options });
  };

  it('holds money for all that share it, and adds what was spent', async () => {
    const [one, two] = [await connect(), await connect()];
    expect(await one.reserve(question())).toEqual({ granted: true, spentUsd: 0, heldUsd: 0.4 });
    expect(await two.reserve(question({ id: '2' }))).toEqual({ granted: true, spentUsd: 0, heldUsd: 0.8 });
    expect(await two.reserve(question({ id: '3' }))).toEqual({ granted: false, spentUsd: 0, heldUsd: 0.8 });
    expect(await one.settle(end())).toEqual({ granted: true, spentUsd: 0.1, heldUsd: 0.4 });
    expect(await two.reserve(question({ id: '3' }))).toMatchObject({ granted: true });
    expect(await two.reserve(question({ account: 'b', id: '4' }))).toMatchObject({ heldUsd: 0.4 });
  });

  it('counts each id once, however often a client sends it', async () => {
    const store = await connect();
    for (let i = 0; i < 3; i += 1)
      expect(await store.reserve(question())).toEqual({ granted: true, spentUsd: 0, heldUsd: 0.4 });
    for (let i = 0; i < 3; i += 1)
      expect(await store.settle(end())).toEqual({ granted: true, spentUsd: 0.1, heldUsd: 0 });
    expect(await store.reserve(question())).toMatchObject({ spentUsd: 0.1, heldUsd: 0 });
  });

  it('adds what was spent also where nothing is held, and sums exactly', async () => {
    const store = await connect();
    for (let i = 0; i < 10; i += 1) await store.settle(end({ id: `${i}`, heldUsd: 0, dollars: 0.1 }));
    expect(await store.reserve(question({ id: 'x', dollars: 0 }))).toEqual({ granted: false, spentUsd: 1, heldUsd: 0 });
    await store.settle(end({ account: 'small', id: 's', heldUsd: 0, dollars: 2e-9 }));
    expect(await redis.cli('HGET', 'tta-budget:{budget:small}', 'spent')).toBe('2');
  });

  it('gives free what is held for longer than reservationTtlMs, as by a process that has died', async () => {
    const store = await connect({ reservationTtlMs: 30 });
    await store.reserve(question({ dollars: 1 }));
    await expect.poll(async () => (await store.reserve(question({ id: '2', dollars: 1 }))).granted).toBe(true);
    expect(await store.settle(end({ heldUsd: 1, dollars: 0.5 }))).toMatchObject({ spentUsd: 0.5 });
  });

  it('lets Redis forget an account when its window is over, and none without a window', async () => {
    const store = await connect({ prefix: 'mine:' });
    await store.reserve(question({ expiresAt: NOW + 50_000 }));
    for (const key of ['mine:{budget:a}', 'mine:{budget:a}:ids']) {
      const leftMs = Number(await redis.cli('PTTL', key));
      expect(leftMs).toBeGreaterThan(10_000);
      expect(leftMs).toBeLessThanOrEqual(50_000);
    }
    await store.settle(end({ account: 'for ever', id: '2' }));
    expect(await redis.cli('PTTL', 'mine:{budget:for ever}')).toBe('-1');
    await store.settle(end({ account: 'over', id: '3', expiresAt: NOW - 1 }));
    await expect.poll(() => redis.cli('EXISTS', 'mine:{budget:over}')).toBe('0');
  });

  it('keeps any text apart', async () => {
    const store = await connect();
    const accounts = ['', '}', '{x}', 'a:1', '*', '\n', '"', '\u{1f4b8}', ':ids', 'x'.repeat(10_000)];
    for (const account of accounts) await store.reserve(question({ account }));
    for (const account of accounts)
      expect(await store.reserve(question({ account, id: 'h:1:5', dollars: 0.1 }))).toMatchObject({ heldUsd: 0.5 });
  });

  it('is one budget for several processes, which together spend no more than the limit', async () => {
    const program = `
      import { budget, redisBudgetStore, llm, map } from '${ENTRY.main}';
      import { createClient } from '${import.meta.resolve('@redis/client')}';
      const client = createClient({ url: '${redis.url}' });
      await client.connect();
      const store = redisBudgetStore(
        { eval: (script, n, ...all) => client.eval(script, { keys: all.slice(0, n), arguments: all.slice(n).map(String) }) },
        { timeoutMs: 20_000 },
      );
      let dollars = 0;
      const usage = { inputTokens: 0, outputTokens: 1_000 };
      const model = { provider: 'openai', id: 'gpt-4', generate: async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        dollars += 0.06;
        return { text: 'yes', usage };
      } };
      const guarded = budget(llm(model, { maxTokens: 1_000 }), { name: 'shared', limitUsd: 6, per: 'all', store });
      const all = await Promise.allSettled(Array.from({ length: 80 }, () => guarded.execute('')));
      console.log(JSON.stringify({ dollars, refused: all.filter(({ reason }) => reason?.name === 'BudgetExceededError').length }));
      client.destroy();`;
    const exits = await Promise.all([1, 2].map(() => runModule(program).exited));
    expect(exits.map(({ code, stderr }) => ({ code, stderr }))).toEqual([1, 2].map(() => ({ code: 0, stderr: '' })));
    const told = exits.map(({ stdout }) => JSON.parse(stdout) as { dollars: number; refused: number });
    expect(told.reduce((sum, { dollars }) => sum + dollars, 0)).toBeCloseTo(6);
    expect(told.reduce((sum, { refused }) => sum + refused, 0)).toBe(60);
    expect(await redis.cli('HGETALL', 'tta-budget:{budget:shared:all:}')).toBe('held\n0\nspent\n6000000000');
  });

  it('settles after Redis was killed and came back, and lets calls pass meanwhile', async () => {
    const warnings = captureWarnings();
    const folder = tempFolder();
    const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', folder];
    await redis.kill('SIGKILL');
    redis = await startRedis({ port: redis.port, options });
    const store = await connect({ timeoutMs: 100 });
    const paid = nothingPaid();
    const call = budget(paidCall('call', paid), { name: 'durable', limitUsd: 1, per: 'all', store });
    await call.execute({ needs: 0.3 });
    const running = call.execute({ needs: 0.3, costs: 0.2, ms: 100 });
    await redis.kill('SIGKILL');
    await running;
    await call.execute({ needs: 0.1 });
    expect(warnings).toEqual([
      expect.stringMatching(/^durable: the store of the budget fails \(.*\); a metric counts how often$/),
    ]);
    expect(paid.calls).toBe(3);

    redis = await startRedis({ port: redis.port, options });
    const spent = () => redis.cli('HGET', 'tta-budget:{budget:durable:all:}', 'spent');
    const settled = async () => {
      await call.execute({ needs: 1e-9 });
      return Number(await spent()) - (paid.calls - 3);
    };
    await expect.poll(settled, { timeout: 10_000 }).toBe(600_000_000);
    expect(await redis.cli('HGET', 'tta-budget:{budget:durable:all:}', 'held')).toBe('0');
  });
});
