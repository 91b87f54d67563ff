/** Random workflows of random calls under budgets, on the virtual clock: what is spent never exceeds what may be held. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BudgetExceededError,
  type BudgetStore,
  budget,
  fallback,
  hedge,
  map,
  memoryBudgetStore,
  type Primitive,
  parallel,
  race,
  retry,
  task,
  timeout,
} from '../../src/index.ts';
import { createVirtualClock, settled, type VirtualClock } from '../../src/testing/index.ts';
import { nothingPaid, type Paid, type PaidCall, paidCall } from '../support/paid-calls.ts';

type Work = Primitive<undefined, unknown>;

interface Node {
  readonly kind: string;
  readonly children: readonly Node[];
  readonly call: PaidCall;
  readonly ms: number;
}

/** In steps of a tenth of a cent, so that sums are exact. */
const dollars = fc.integer({ min: 0, max: 300 }).map((n) => n / 1_000);
const call = fc.record({
  needs: fc.option(dollars, { nil: undefined, freq: 8 }),
  costs: fc.option(dollars, { nil: undefined, freq: 8 }),
  metering: fc.constantFrom('exact', 'exact', 'partial', 'estimate', 'unknown'),
  ms: fc.nat(30),
  fails: fc.boolean(),
}) as fc.Arbitrary<PaidCall>;
const KINDS = ['sequential', 'parallel', 'settle', 'map', 'retry', 'fallback', 'hedge', 'race', 'timeout', 'swallow'];
const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ kind: fc.constant('call'), children: fc.constant([]), call, ms: fc.nat(50) }),
    fc.record({
      kind: fc.constantFrom(...KINDS, 'budget'),
      children: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
      call,
      ms: fc.nat(50),
    }),
  ),
}));

function build(node: Node, paid: Paid, store: BudgetStore | undefined): Work {
  const children = node.children.map((child) => build(child, paid, store));
  const [first, ...rest] = children as [Work, ...Work[]];
  switch (node.kind) {
    case 'call':
      return task('input', () => node.call).pipe(paidCall('call', paid));
    case 'sequential':
      return rest.reduce((chain, next) => chain.pipe(task('next', () => undefined)).pipe(next), first);
    case 'parallel':
      return parallel(children);
    case 'settle':
      return parallel(children, { mode: 'settle' });
    case 'map': {
      const all = map(first, { concurrency: 3 });
      return task('map', () => all.execute([undefined, undefined, undefined, undefined]));
    }
    case 'retry':
      return retry(first, { maxRetries: 2, initialDelayMs: node.ms, when: () => true });
    case 'fallback':
      return fallback(first, rest.length === 0 ? [first] : rest);
    case 'hedge':
      return hedge(first, { delayMs: node.ms, when: () => true });
    case 'race':
      return race(children);
    case 'timeout':
      return timeout(first, { timeoutMs: node.ms + 1 });
    case 'budget':
      return budget(first, { limitUsd: node.ms / 50, name: 'inner', ...(store && { store }) });
    default:
      return task('swallow', () => first.execute(undefined).catch(() => undefined));
  }
}

/** The same store, which answers some time later, in any order. */
function slow(store: BudgetStore, clock: VirtualClock, delays: readonly number[]): BudgetStore {
  let asked = 0;
  const wait = () => clock.sleep(delays[asked++ % delays.length] ?? 0);
  return {
    timeoutMs: 10_000,
    reserve: async (reservation) => {
      await wait();
      const answer = await store.reserve(reservation);
      await wait();
      return answer;
    },
    settle: async (settlement) => {
      await wait();
      return store.settle(settlement);
    },
  };
}

/** Counts what calls must count for, whatever they have cost: the sum of the charges. */
function watching(store: BudgetStore) {
  const seen = { spent: 0, above: 0, most: 0, balance: { spentUsd: 0, heldUsd: 0 } };
  const watched: BudgetStore = {
    reserve: (reservation) => {
      const answer = store.reserve(reservation) as Awaited<ReturnType<BudgetStore['reserve']>>;
      if (reservation.account.startsWith('outer:')) seen.balance = answer;
      return answer;
    },
    settle: (settlement) => {
      const answer = store.settle(settlement) as Awaited<ReturnType<BudgetStore['settle']>>;
      if (!settlement.account.startsWith('outer:')) return answer;
      seen.balance = answer;
      seen.spent += settlement.dollars;
      seen.above += Math.max(0, settlement.dollars - settlement.heldUsd);
      seen.most = Math.max(seen.most, answer.spentUsd + answer.heldUsd);
      return answer;
    },
  };
  return { seen, watched };
}

const plan = fc.record({
  root: tree,
  limit: fc.integer({ min: 0, max: 1_000 }).map((n) => n / 1_000),
  delays: fc.option(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), { nil: undefined }),
  abortAt: fc.option(fc.nat(100), { nil: undefined, freq: 4 }),
});

describe('a budget around a random workflow', () => {
  it('is exceeded by no more than calls cost above what was held, and is exact at rest', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ root, limit, delays, abortAt }) => {
        const clock = createVirtualClock();
        const paid = nothingPaid();
        const { seen, watched } = watching(memoryBudgetStore());
        const store = delays === undefined ? watched : slow(watched, clock, delays);
        const guarded = budget(build(root, paid, store), { name: 'outer', limitUsd: limit, store });
        const controller = new AbortController();
        if (abortAt !== undefined) clock.after(abortAt, () => controller.abort(new Error('gone')));
        const result = guarded.execute(undefined, { context: { clock }, signal: controller.signal }).then(
          () => undefined,
          (error: unknown) => error,
        );
        await clock.advance(20_000);
        const error = await result;
        await settled();

        expect(seen.balance.heldUsd).toBe(0);
        expect(seen.balance.spentUsd).toBeCloseTo(seen.spent, 9);
        expect(seen.spent).toBeLessThanOrEqual(limit + seen.above + 1e-9);
        expect(seen.spent).toBeGreaterThanOrEqual(paid.dollars - 1e-9);
        expect(paid.running).toBe(0);
        expect(clock.pending).toBe(0);
        if (error instanceof BudgetExceededError && error.primitiveName === 'outer')
          expect(error).toMatchObject({ limitUsd: limit });
      }),
      { numRuns: 300 },
    );
  });
});
