/** The store in memory, and a budget over a store that fails. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BudgetOptions, type BudgetStore, budget, memoryBudgetStore } from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { ENTRY, runModule } from '../support/child.ts';
import { nothingPaid, type PaidCall, paidCall } from '../support/paid-calls.ts';
import { captureWarnings } from '../support/warnings.ts';

describe('memoryBudgetStore', () => {
  const spend = (
    store: BudgetStore,
    account: string,
    { now = 0, expiresAt }: { now?: number; expiresAt?: number } = {},
  ) => store.settle({ account, id: '', heldUsd: 0, dollars: 1, now, expiresAt });
  const spentIn = (store: BudgetStore, account: string, now = 0) =>
    store.reserve({ account, id: '', dollars: 0, limitUsd: 9, now, expiresAt: undefined });

  it('forgets the account that was not used for the longest time, beyond maxKeys', () => {
    const store = memoryBudgetStore({ maxKeys: 2 });
    for (const account of ['a', 'b', 'a', 'c']) spend(store, account);
    expect(spentIn(store, 'a')).toMatchObject({ spentUsd: 2 });
    expect(spentIn(store, 'b')).toMatchObject({ spentUsd: 0 });
    expect(spentIn(store, 'c')).toMatchObject({ spentUsd: 1 });
  });

  it('forgets an account that has expired', () => {
    const store = memoryBudgetStore();
    spend(store, 'a', { expiresAt: 100 });
    expect(spentIn(store, 'a', 99)).toMatchObject({ spentUsd: 1 });
    expect(spentIn(store, 'a', 100)).toMatchObject({ spentUsd: 0 });
  });

  it('does not grow by those that only ask', () => {
    const store = memoryBudgetStore({ maxKeys: 1 });
    spend(store, 'a');
    for (let i = 0; i < 10; i += 1) spentIn(store, `${i}`);
    expect(spentIn(store, 'a')).toMatchObject({ spentUsd: 1 });
  });

  it('takes no more than 50 MB for 100,000 tenants, also if many more come and their names are long', async () => {
    const program = `
      import { budget, task } from '${ENTRY.main}';
      import { reserveAround } from '${ENTRY.main.replace('index.js', 'llm/reserve.js')}';
      const plan = { provider: 'x', model: 'm', dollarsFor: () => 0.001 };
      const call = task('call', (_, context) => reserveAround(context, plan)({ dollars: 0.001, metering: 'exact' }));
      const keyed = budget(call, { limitUsd: 1, per: (name) => name, windowMs: 86_400_000 });
      const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
      await keyed.execute('warm');
      const before = heap();
      const long = 'x'.repeat(100_000);
      for (let i = 0; i < 130_000; i += 1) await keyed.execute(i % 100 === 0 ? long + i : 'tenant ' + i);
      console.log(Math.round((heap() - before) / 1e6));
      globalThis.kept = keyed;`;
    const { code, stdout, stderr } = await runModule(program, { flags: ['--expose-gc'] }).exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Number(stdout)).toBeLessThan(50);
  });
});

describe('a budget whose store fails', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let warnings: string[];
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    warnings = captureWarnings();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    return telemetry.stop();
  });

  const down = () => {
    throw new Error('connect ECONNREFUSED redis://:secret@host:6379');
  };
  const never = () => new Promise<never>(() => {});
  const broken = (what: () => unknown): BudgetStore => ({ reserve: what, settle: what }) as BudgetStore;
  const build = (store: BudgetStore, options: Partial<BudgetOptions<PaidCall>> = {}, paid = nothingPaid()) => ({
    paid,
    shared: budget(paidCall('call', paid), { name: 'b', limitUsd: 1, per: 'all', store, ...options }),
  });

  it.each<[string, BudgetStore]>([
    ['throws', broken(down)],
    ['rejects', broken(async () => down())],
    ['gives nothing', broken(() => undefined)],
    ['gives a text', broken(async () => 'OK')],
    ['gives sums that are no numbers', broken(() => ({ granted: true, spentUsd: '1', heldUsd: Number.NaN }))],
    ['says nothing of whether', { ...broken(() => ({ spentUsd: 0, heldUsd: 0 })) }],
    ['has a getter that throws', broken(() => Object.defineProperty({}, 'spentUsd', { get: down }))],
  ])('lets calls pass where it %s, and says so once', async (_, store) => {
    const { paid, shared } = build(store);
    for (let i = 0; i < 3; i += 1) await shared.execute({ needs: 9 });
    expect(paid.calls).toBe(3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^b: the store of the budget fails \(.*\); a metric counts how often$/);
    expect(warnings[0]).not.toContain('secret');
    expect(await telemetry.scrape()).toBeDefined();
  });

  it('lets calls pass after timeoutMs where it never answers', async () => {
    const { paid, shared } = build({ ...broken(never), timeoutMs: 50 });
    const running = shared.execute({ needs: 9 }, { context: { clock } });
    await clock.advance(49);
    expect(paid.calls).toBe(0);
    await clock.advance(51);
    await running;
    expect(paid.calls).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('refuses calls with storeFailure refuse, and gives back what the store may hold', async () => {
    const settle = vi.fn(async () => ({ spentUsd: 0, heldUsd: 0 }));
    const { paid, shared } = build({ reserve: down, settle }, { storeFailure: 'refuse' });
    const error = await shared.execute({ needs: 0.5 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'BudgetExceededError',
      message: "b refused a call to a model: its store does not answer, and storeFailure is 'refuse'",
      cause: { message: expect.stringContaining('ECONNREFUSED') },
    });
    expect(paid.calls).toBe(0);
    expect(settle).toHaveBeenCalledWith(expect.objectContaining({ heldUsd: 0.5, dollars: 0 }));
  });

  it('settles once it answers again', async () => {
    const real = memoryBudgetStore();
    let isDown = false;
    const store: BudgetStore = {
      reserve: async (reservation) => (isDown ? down() : real.reserve(reservation)),
      settle: async (settlement) => (isDown ? down() : real.settle(settlement)),
    };
    const { shared } = build(store);
    await shared.execute({ needs: 0.1 });
    isDown = true;
    for (let i = 0; i < 2; i += 1) await shared.execute({ needs: 0.3, costs: 0.2 });
    isDown = false;
    await shared.execute({ needs: 0.1 });
    await settled();
    const asked = { account: 'b:all:', id: '', dollars: 0, limitUsd: 1, now: 0, expiresAt: undefined };
    expect(real.reserve(asked)).toMatchObject({ spentUsd: 0.6 });
  });

  it('rejects at once when it is aborted while the store is asked', async () => {
    const { paid, shared } = build(broken(never));
    const controller = new AbortController();
    const running = shared.execute({ needs: 0.1 }, { context: { clock }, signal: controller.signal });
    await settled();
    const gone = new Error('gone');
    controller.abort(gone);
    await expect(running).rejects.toBe(gone);
    expect(paid.calls).toBe(0);
    await clock.advance(2_000);
    expect(clock.pending).toBe(0);
  });

  it('takes the primitive, not otherwise, where it cannot say what is spent', async () => {
    const { paid, shared } = build(broken(down), { otherwise: paidCall('other') });
    await shared.execute({ needs: 0.1 });
    expect(paid.calls).toBe(1);
  });
});
