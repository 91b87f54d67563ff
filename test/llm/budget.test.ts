import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionContext } from '../../src/core/context.ts';
import {
  BudgetExceededError,
  type BudgetOptions,
  budget,
  fallback,
  hedge,
  llm,
  llmStream,
  type Model,
  map,
  memoryBudgetStore,
  type Primitive,
  parallel,
  retry,
  type SoftLimitReached,
  stream,
  task,
  withContext,
  workflow,
} from '../../src/index.ts';
import { reserveAround } from '../../src/llm/reserve.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { chargeOf, nothingPaid, type PaidCall, paidCall, planFor } from '../support/paid-calls.ts';
import { captureWarnings } from '../support/warnings.ts';

let telemetry: TestTelemetry;
let clock: VirtualClock;
beforeEach(() => {
  telemetry = startTestTelemetry();
  clock = createVirtualClock();
});
afterEach(() => telemetry.stop());

const failureOf = (execution: Promise<unknown>) =>
  execution.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The same primitive, and how often it ran. */
function counted<In, Out>(primitive: Primitive<In, Out>) {
  let runs = 0;
  const counting = task('counting', (input: In) => {
    runs += 1;
    return primitive.execute(input);
  });
  return [counting, () => runs] as const;
}

describe('budget', () => {
  it('lets work pass that costs no more than the limit', async () => {
    const paid = nothingPaid();
    expect(
      await budget(
        task('free', (text: string) => text),
        { limitUsd: 0 },
      ).execute('x'),
    ).toBe('x');
    const spend = budget(map(paidCall('call', paid)), { limitUsd: 0.3, name: 'enough' });
    await spend.execute([{ needs: 0.1 }, { needs: 0.1 }, { needs: 0.1 }]);
    expect(paid.calls).toBe(3);
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'enough' }, 0);
    await telemetry.expectMetric('tta_budget_refusals_total', { budget: 'enough' }, 0);
  });

  it('refuses the call for which too little is left, and rejects with that very error', async () => {
    const paid = nothingPaid();
    let seen: unknown;
    const call = paidCall('call', paid);
    const agent = task('agent', async (calls: PaidCall[]) => {
      for (const each of calls) {
        try {
          await call.execute(each);
        } catch (error) {
          seen = error;
          // As the client of a model does.
          throw new Error('Connection error.', { cause: error });
        }
      }
      return 'done';
    });
    const guarded = budget(agent, { limitUsd: 0.25, name: 'b' });
    const error = await failureOf(guarded.execute([{ needs: 0.1 }, { needs: 0.1, costs: 0.12 }, { needs: 0.1 }]));
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(error).toBe(seen);
    expect(error).toMatchObject({ primitiveName: 'b', limitUsd: 0.25, spentUsd: 0.22, heldUsd: 0, neededUsd: 0.1 });
    expect((error as Error).message).toBe(
      'b refused a call to a model: $0.22 of $0.25 is spent, and the call may cost $0.1',
    );
    expect(paid.calls).toBe(2);
    await telemetry.expectMetric('tta_budget_refusals_total', { budget: 'b' }, 1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'budget', outcome: 'rejected' }, 1);
  });

  it('holds although the work swallows the refusal, or a substitute is there', async () => {
    const call = paidCall();
    const swallows = task('swallows', async (each: PaidCall) => {
      await call.execute(each).catch(() => {});
      return 'partial';
    });
    const substituted = fallback(call, [task('substitute', () => 1)]);
    for (const work of [swallows, substituted] as Primitive<PaidCall, unknown>[])
      expect(await failureOf(budget(work, { limitUsd: 0.1 }).execute({ needs: 1 }))).toBeInstanceOf(
        BudgetExceededError,
      );
  });

  it('aborts the signal with the error, and stops what runs beside the call', async () => {
    let reason: unknown;
    const beside = task('beside', async (_: PaidCall, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reason = signal.reason;
    });
    const error = await failureOf(budget(parallel([beside, paidCall()]), { limitUsd: 1 }).execute({ needs: 2 }));
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(reason).toBe(error);
  });

  it('refuses every further call of the execution at once, with the same error', async () => {
    const errors: unknown[] = [];
    const client = task('client', async (_: string, context) => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        try {
          await reserveAround(context as ExecutionContext, planFor(attempt === 0 ? 2 : 0.01));
        } catch (error) {
          errors.push(error);
        }
      }
    });
    const error = await failureOf(budget(client, { limitUsd: 1, name: 'b' }).execute('x'));
    expect(errors).toEqual([error, error, error]);
    await telemetry.expectMetric('tta_budget_refusals_total', { budget: 'b' }, 1);
  });

  it('is not tried again by retry and hedge around it, unless their when says so', async () => {
    const [work, tries] = counted(paidCall());
    const refused = budget(work, { limitUsd: 1 });
    expect(await failureOf(retry(refused, { initialDelayMs: 0 }).execute({ needs: 2 }))).toBeInstanceOf(
      BudgetExceededError,
    );
    expect(await failureOf(hedge(refused, { delayMs: 60_000 }).execute({ needs: 2 }))).toBeInstanceOf(
      BudgetExceededError,
    );
    expect(tries()).toBe(2);
    const again = retry(refused, { initialDelayMs: 0, maxRetries: 1, when: () => true });
    await failureOf(again.execute({ needs: 2 }));
    expect(tries()).toBe(4);
  });

  it('is not tried again by a retry inside of it', async () => {
    const [work, tries] = counted(paidCall());
    await failureOf(budget(retry(work, { when: () => true }), { limitUsd: 1 }).execute({ needs: 2 }));
    expect(tries()).toBe(1);
  });

  it('holds what a call may cost while it runs, and what it has cost afterwards', async () => {
    const paid = nothingPaid();
    const many = budget(map(paidCall('call', paid), { concurrency: 10 }), { limitUsd: 1 });
    const running = failureOf(
      many.execute(
        Array.from({ length: 10 }, () => ({ needs: 0.4, costs: 0.1, ms: 10 })),
        { context: { clock } },
      ),
    );
    await settled();
    expect(paid.calls).toBe(2);
    expect(await running).toMatchObject({ spentUsd: 0, heldUsd: 0.8, neededUsd: 0.4 });
    await clock.advance(10);

    const oneByOne = budget(map(paidCall('call', paid), { concurrency: 1 }), { limitUsd: 1 });
    await oneByOne.execute(Array.from({ length: 7 }, () => ({ needs: 0.4, costs: 0.1 })));
    expect(paid.calls).toBe(9);
  });

  it('takes what was held as spent where the cost is unknown or a lower bound', async () => {
    const three = (call: PaidCall) =>
      failureOf(budget(map(paidCall(), { concurrency: 1 }), { limitUsd: 1 }).execute([call, call, call]));
    expect(await three({ needs: 0.4, costs: undefined, metering: 'unknown' })).toMatchObject({ spentUsd: 0.8 });
    expect(await three({ needs: 0.4, costs: 0.1, metering: 'partial' })).toMatchObject({ spentUsd: 0.8 });
    expect(await three({ needs: 0.4, costs: 0.6, metering: 'partial' })).toMatchObject({ spentUsd: 1.2 });
    expect(await three({ needs: 0.4, costs: Number.NaN })).toMatchObject({ spentUsd: 0.8 });
    expect(await three({ needs: 0.4, costs: -5 })).toMatchObject({ spentUsd: 0.8 });
    expect(await three({ needs: 0.4, costs: 0.35, metering: 'estimate' })).toMatchObject({ spentUsd: 0.7 });
  });

  it('makes calls of unknown price while money is left, and counts what they cost', async () => {
    const call = { needs: undefined, costs: 0.6 };
    const paid = nothingPaid();
    const work = map(paidCall('call', paid), { concurrency: 1 });
    expect(await failureOf(budget(work, { limitUsd: 1 }).execute([call, call, call]))).toMatchObject({
      spentUsd: 1.2,
      neededUsd: undefined,
    });
    expect(paid.calls).toBe(2);
    const strict = budget(work, { limitUsd: 1, unpriced: 'refuse', name: 'strict' });
    expect(await failureOf(strict.execute([call]))).toMatchObject({
      message: "strict refused a call to a model: its price is unknown, and unpriced is 'refuse'",
    });
  });

  it('holds what estimate says, which knows the price of the call', async () => {
    const asked: unknown[] = [];
    const guarded = budget(paidCall(), {
      limitUsd: 1,
      estimate: async ({ model, dollarsFor }, { workflowName }) => {
        asked.push([model, workflowName, await dollarsFor({ inputTokens: 1, outputTokens: 1 })]);
        return 0.9;
      },
    });
    await workflow('w', guarded).execute({ needs: 5, costs: 0.5 });
    expect(asked).toEqual([['fake', 'w', 5]]);
    const twice = workflow('w', map(guarded, { concurrency: 1 }));
    expect(await failureOf(twice.execute([{ needs: 0.2 }, { needs: 0.2 }]))).toMatchObject({ neededUsd: 0.9 });
    for (const odd of [Number.NaN, -1, '1' as never, null as never, undefined]) {
      const strict = budget(paidCall(), { limitUsd: 1, unpriced: 'refuse', estimate: () => odd });
      expect(await failureOf(strict.execute({ needs: 0.1 }))).toMatchObject({ neededUsd: undefined });
    }
  });

  it('refuses a call for which no limit is large enough', async () => {
    const endless = budget(paidCall(), { name: 'endless', limitUsd: 1_000, estimate: () => Number.POSITIVE_INFINITY });
    expect(await failureOf(endless.execute({ needs: 0.1 }))).toMatchObject({
      neededUsd: Number.POSITIVE_INFINITY,
      message: 'endless refused a call to a model: there is no end of what it may cost',
    });
    const ask = llm(
      { id: 'gpt-4', provider: 'openai', generate: async () => ({ text: '' }) },
      { maxTokens: Number.MAX_VALUE },
    );
    expect(await failureOf(budget(ask, { limitUsd: 1_000 }).execute('?'))).toBeInstanceOf(BudgetExceededError);
  });

  it('makes calls that cost nothing also where nothing is left', async () => {
    await budget(paidCall(), { limitUsd: 0 }).execute({ needs: 0 });
    expect(await failureOf(budget(paidCall(), { limitUsd: 0 }).execute({ needs: undefined }))).toBeInstanceOf(
      BudgetExceededError,
    );
  });

  it('stops a stream that is being read', async () => {
    const call = paidCall();
    const chunks = stream('chunks', async function* (each: PaidCall) {
      for (;;) {
        await call.execute(each);
        yield 'chunk';
      }
    });
    const read: string[] = [];
    const guarded = budget(chunks, { limitUsd: 0.25 });
    const all = async () => {
      for await (const chunk of await guarded.execute({ needs: 0.1 })) read.push(chunk);
    };
    expect(await failureOf(all())).toBeInstanceOf(BudgetExceededError);
    expect(read).toEqual(['chunk', 'chunk']);
  });
});

describe('a budget around the model port', () => {
  const usage = { inputTokens: 100, outputTokens: 500 };
  const model: Model = {
    provider: 'openai',
    id: 'gpt-4',
    generate: async () => ({ text: 'yes', usage }),
    async *stream() {
      yield { text: 'yes' };
      yield { text: ' or no', usage };
    },
  };
  const COST = 0.033;
  const left = (name: string, dollars: number) =>
    telemetry.expectMetric('tta_budget_remaining_dollars', { budget: name }, dollars);

  it('holds the tokens that the request allows, and counts those of the reply', async () => {
    const shared = budget(llm(model, { maxTokens: 1_500 }), { name: 'port', limitUsd: 0.1, per: 'all' });
    await shared.execute('');
    await left('port', 0.1 - COST);
    expect(await failureOf(shared.execute(''))).toMatchObject({ neededUsd: 0.09, spentUsd: COST });
  });

  it('counts a stream at its end, and takes what was held for one that is left', async () => {
    const shared = budget(llmStream(model, { maxTokens: 1_000 }), { name: 'stream', limitUsd: 1, per: 'all' });
    for await (const _ of await shared.execute('')) await left('stream', 0.94);
    await left('stream', 1 - COST);
    for await (const _ of await shared.execute('')) break;
    await left('stream', 1 - COST - 0.06);
  });

  it('counts what a failed try of a retry has cost, and nothing for a call that was refused', async () => {
    let calls = 0;
    const flaky: Model = {
      ...model,
      generate: async () => {
        calls += 1;
        if (calls === 1) throw Object.assign(new Error('busy'), { status: 503 });
        if (calls === 2) throw Object.assign(new Error('cut off'), { usage });
        return { text: 'yes', usage };
      },
    };
    const steady = retry(llm(flaky, { maxTokens: 10 }), { initialDelayMs: 0, when: () => true });
    await budget(steady, { name: 'tries', limitUsd: 1, per: 'all' }).execute('');
    expect(calls).toBe(3);
    await left('tries', 1 - 2 * COST);
  });
});

describe('whose money it is', () => {
  const spend = (options: Omit<BudgetOptions<PaidCall>, 'limitUsd'>) => budget(paidCall(), { limitUsd: 1, ...options });

  it('is that of each run, also where the budget runs several times in one', async () => {
    const each = spend({});
    const cheap = { needs: 0.6 };
    await each.execute(cheap);
    await each.execute(cheap);
    const twice = workflow('twice', map(each, { concurrency: 1 }));
    expect(await failureOf(twice.execute([cheap, cheap]))).toMatchObject({ spentUsd: 0.6 });
    const nested = task('nested', (call: PaidCall) => each.execute(call, { context: { tags: { a: 1 } } }));
    expect(await failureOf(workflow('w', map(nested, { concurrency: 1 })).execute([cheap, cheap]))).toMatchObject({
      spentUsd: 0.6,
    });
  });

  it('is that of each tenant, and of all work without one', async () => {
    const each = spend({ per: 'tenant' });
    const call = { needs: 0.6 };
    const by = (tenant: string | undefined) => each.execute(call, { context: { tenant } });
    await by('a');
    await by('b');
    await by(undefined);
    await withContext({ tenant: 'c' }, () => each.execute(call));
    for (const again of ['a', undefined]) expect(await failureOf(by(again))).toMatchObject({ spentUsd: 0.6 });
    expect(await failureOf(withContext({ tenant: 'c' }, () => each.execute(call)))).toBeInstanceOf(BudgetExceededError);
  });

  it('is that of all executions', async () => {
    const all = spend({ per: 'all' });
    await all.execute({ needs: 0.6 });
    expect(await failureOf(all.execute({ needs: 0.6 }))).toMatchObject({ spentUsd: 0.6, until: undefined });
  });

  it('is that of each key, however long', async () => {
    const long = 'x'.repeat(100_000);
    const keyed = budget(
      task('call', ({ call }: { user: string; call: PaidCall }) => paidCall().execute(call)),
      { limitUsd: 1, per: async ({ user }) => user },
    );
    const call = { needs: 0.6 };
    await keyed.execute({ user: `${long}a`, call });
    await keyed.execute({ user: `${long}b`, call });
    expect(await failureOf(keyed.execute({ user: `${long}a`, call }))).toBeInstanceOf(BudgetExceededError);
    const wrong = budget(paidCall(), { limitUsd: 1, name: 'b', per: (() => 5) as never });
    expect(await failureOf(wrong.execute(call))).toMatchObject({ message: 'b: per must give a text, got a number' });
  });

  it('begins anew with each window, which begins with a day where it is a day', async () => {
    const daily = spend({ per: 'all', windowMs: 86_400_000 });
    const run = () => daily.execute({ needs: 0.6 }, { context: { clock } });
    await clock.advance(86_399_999);
    await run();
    expect(await failureOf(run())).toMatchObject({ until: Date.UTC(2030, 0, 2) });
    await clock.advance(1);
    await run();
    expect(await failureOf(run())).toMatchObject({ spentUsd: 0.6, until: Date.UTC(2030, 0, 3) });
  });

  it('is that of the window in which the call begins, also in a long execution', async () => {
    const hourly = budget(map(paidCall(), { concurrency: 1 }), { limitUsd: 1, per: 'all', windowMs: 1_000 });
    const calls = Array.from({ length: 5 }, () => ({ needs: 0.5, ms: 500 }));
    const running = hourly.execute(calls, { context: { clock } });
    await clock.advance(5_000);
    expect(await running).toHaveLength(5);
  });
});

describe('the soft limit', () => {
  it('has the next execution done by otherwise, within the same budget', async () => {
    const small = task('small', (_: PaidCall) =>
      paidCall()
        .execute({ needs: 0.1 })
        .then(() => 'small'),
    );
    const large = task('large', (call: PaidCall) =>
      paidCall()
        .execute(call)
        .then(() => 'large'),
    );
    const shared = budget(large, { limitUsd: 1, per: 'all', warnAt: 0.5, otherwise: small });
    const answers: string[] = [];
    for (const needs of [0.4, 0.1, 0.4, 0.4]) answers.push(await shared.execute({ needs }));
    expect(answers).toEqual(['large', 'large', 'small', 'small']);
    for (let i = 0; i < 3; i += 1) await shared.execute({ needs: 9 });
    expect(await failureOf(shared.execute({ needs: 9 }))).toMatchObject({ spentUsd: 1, neededUsd: 0.1 });
  });

  it('is told once, when the money that is spent reaches it', async () => {
    const told: [SoftLimitReached, string | undefined][] = [];
    const warns = budget(map(paidCall(), { concurrency: 1 }), {
      limitUsd: 1,
      onWarn: (reached, { workflowName }) => void told.push([reached, workflowName]),
    });
    const calls = [0.5, 0.3, 0.1].map((needs) => ({ needs }));
    await workflow('w', warns).execute(calls);
    expect(told).toEqual([[{ spentUsd: 0.8, heldUsd: 0, limitUsd: 1 }, 'w']]);
    await workflow('w', warns).execute(calls);
    expect(told).toHaveLength(2);
  });

  it('is told once also where the sums have fractions, and with the first cent where it is 0', async () => {
    const told: number[] = [];
    const onWarn = ({ spentUsd }: SoftLimitReached) => told.push(spentUsd);
    for (const [limitUsd, warnAt] of [
      [3, 0.1],
      [1, 0.2],
      [1, 0],
    ] as const) {
      const warns = budget(paidCall(), { limitUsd, warnAt, onWarn, per: 'all' });
      for (let i = 0; i < 9; i += 1) await warns.execute({ needs: 0.1 });
    }
    expect(told).toEqual([0.3, 0.2, 0.1]);
  });

  it('is told by one process warning, where nothing else tells it', async () => {
    const warnings = captureWarnings();
    const warns = budget(paidCall(), { limitUsd: 1, warnAt: 0.5, name: 'b' });
    for (let i = 0; i < 3; i += 1) await warns.execute({ needs: 0.7 });
    expect(warnings).toEqual(['b: its soft limit of $0.5 is spent, of a limit of $1']);
  });

  it('waits for onWarn, whose error is not that of the execution', async () => {
    let isDone = false;
    const later = async () => {
      await settled();
      isDone = true;
      throw new Error('of onWarn');
    };
    await budget(paidCall(), { limitUsd: 1, onWarn: later }).execute({ needs: 0.9 });
    expect(isDone).toBe(true);
  });
});

describe('budgets inside one another', () => {
  it('all hold, and a refusal of one gives back what the others held', async () => {
    const paid = nothingPaid();
    const inner = budget(paidCall('call', paid), { limitUsd: 0.5, name: 'small' });
    const tried = task('tried', (call: PaidCall) => inner.execute(call).catch(() => undefined));
    const outer = budget(map(tried, { concurrency: 1 }), { limitUsd: 1, name: 'big' });
    const run = (...needs: number[]) => failureOf(outer.execute(needs.map((each) => ({ needs: each }))));
    expect(await run(0.3, 0.4, 0.2)).toBeUndefined();
    expect(paid.dollars).toBeCloseTo(0.5);
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'big' }, 0.5);
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'small' }, 0);
  });

  it('reject with the error of the outermost that refuses', async () => {
    const inner = budget(paidCall(), { limitUsd: 0.5, name: 'inner' });
    const outer = budget(inner, { limitUsd: 0.1, name: 'outer' });
    expect(await failureOf(outer.execute({ needs: 1 }))).toMatchObject({ primitiveName: 'outer' });
    await telemetry.expectMetric('tta_budget_refusals_total', { budget: 'inner' }, 0);
  });

  it('are one budget where they share store and name', async () => {
    const store = memoryBudgetStore();
    const [a, b] = ['a', 'b'].map((name) => budget(paidCall(name), { name: 'team', limitUsd: 1, per: 'all', store }));
    await a?.execute({ needs: 0.6 });
    expect(await failureOf(b?.execute({ needs: 0.6 }) as Promise<unknown>)).toMatchObject({ spentUsd: 0.6 });
    const other = budget(paidCall(), { name: 'other', limitUsd: 1, per: 'all', store });
    await other.execute({ needs: 0.6 });
  });
});

describe('what is left', () => {
  // Budgets of earlier tests, with names of their own, may still be in memory.
  let name = '';
  let number = 0;
  beforeEach(() => {
    number += 1;
    name = `left ${number}`;
  });
  const left = (dollars: number) => telemetry.expectMetric('tta_budget_remaining_dollars', { budget: name }, dollars);

  it('is the limit before the first call, and the least of the keys afterwards', async () => {
    const keyed = budget(paidCall(), { limitUsd: 1, name, per: ({ needs }) => `${needs}`, windowMs: 60_000 });
    await left(1);
    for (const needs of [0.2, 0.7, 0.1]) await keyed.execute({ needs }, { context: { clock } });
    await left(0.3);
    await clock.advance(60_000);
    await left(1);
  });

  it('is shown beside the limit: of several budgets with one name, the least', async () => {
    const limit = (dollars: number) => telemetry.expectMetric('tta_budget_limit_dollars', { budget: name }, dollars);
    const large = budget(paidCall(), { limitUsd: 5, name });
    await limit(5);
    await budget(paidCall(), { limitUsd: 2, name }).execute({ needs: 0.5 }, { context: { clock } });
    await limit(2);
    await left(1.5);
    await large.execute({ needs: 0.1 });
  });

  it('is shown for a run for some minutes after its end', async () => {
    const each = budget(paidCall(), { limitUsd: 1, name });
    await each.execute({ needs: 0.2 }, { context: { clock } });
    await clock.advance(299_999);
    await left(0.8);
    await clock.advance(1);
    await left(1);
  });

  it('counts what is held, and the charge of a stream that ends after the execution', async () => {
    let settle = (_: ReturnType<typeof chargeOf>) => {};
    const early = task('early', async (_: string, context) => {
      settle = (await reserveAround(context as ExecutionContext, planFor(0.5))) ?? settle;
    });
    await budget(early, { limitUsd: 1, name, per: 'all' }).execute('x');
    await left(0.5);
    settle(chargeOf(0.1));
    await left(0.9);
  });
});
