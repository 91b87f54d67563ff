/** Budgets and costs of work that is done elsewhere. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionContext } from '../../src/core/context.ts';
import { tellSpenders } from '../../src/core/spending.ts';
import {
  budget,
  type Cost,
  fallback,
  llm,
  map,
  parallel,
  sequential,
  task,
  withCost,
  workflow,
} from '../../src/index.ts';
import { distribute, type JobQueue, memoryQueue, startWorker } from '../../src/queue/index.ts';
import {
  createVirtualClock,
  scriptedModel,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { chargeOf, nothingPaid, paidCall } from '../support/paid-calls.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const CALLS = Array.from({ length: 8 }, () => ({ needs: 0.2, costs: 0.15, ms: 20 }));

/** Runs eight calls at once, of which a limit of one dollar admits a part. */
async function spend(queue: JobQueue | undefined, clock: VirtualClock, workers = 2) {
  const paid = nothingPaid();
  const call = paidCall('call', paid);
  const remote = queue === undefined ? call : distribute('call', call, { queue });
  const limited = budget(remote, { limitUsd: 1, per: 'all' });
  if (queue !== undefined)
    for (let i = 0; i < workers; i += 1) await startWorker({ queue, primitives: { call }, clock, concurrency: 4 });
  let most = 0;
  const ended = Promise.allSettled(CALLS.map((each) => limited.execute(each, { context: { clock } })));
  for (let i = 0; i < 400; i += 1) {
    await clock.advance(10);
    most = Math.max(most, paid.running);
  }
  const outcomes = (await ended).map((each) => (each.status === 'fulfilled' ? 'done' : each.reason.name));
  return { outcomes: outcomes.toSorted(), ...paid, most };
}

describe('a budget around distributed work', () => {
  it('admits what it admits in one process: eight jobs at once on two workers', async () => {
    const clock = createVirtualClock();
    const here = await spend(undefined, clock);
    const there = await spend(memoryQueue('paid', { clock }), clock);
    expect(there).toEqual(here);
    expect(here).toMatchObject({ calls: 5, most: 5 });
    expect(here.outcomes.filter((outcome) => outcome === 'BudgetExceededError')).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('ends the work when it refuses a call, before its caller says so', async () => {
    const inner = memoryQueue('paid');
    // No cancellation comes.
    const queue: JobQueue = { ...inner, cancel: async () => false };
    const done: string[] = [];
    const instead = task('instead', () => {
      done.push('instead');
    });
    const next = task('next', () => {
      done.push('next');
    });
    const work = sequential(fallback(paidCall('call'), [instead]), next);
    await startWorker({ queue, primitives: { work } });
    const limited = budget(distribute('work', work, { queue }), { limitUsd: 1, name: 'limited' });
    await expect(limited.execute({ needs: 2 })).rejects.toMatchObject({ primitiveName: 'limited' });
    await expect.poll(async () => (await queue.stats()).running).toBe(0);
    expect(done).toEqual([]);
    expect(telemetry.spans().find(({ name }) => name === 'task call')?.attributes).toMatchObject({
      'tta.outcome': 'rejected',
    });
  });

  it('admits the same where every second message is lost and every reply comes twice', async () => {
    const clock = createVirtualClock();
    const inner = memoryQueue('paid', { clock });
    let told = 0;
    const lossy: JobQueue = {
      ...inner,
      tell: async (id, message) => {
        told += 1;
        if (told % 2 === 0) await inner.tell(id, message);
      },
      open: (options) =>
        inner.open({
          ...options,
          on: (message) => {
            options.on(message);
            options.on(message);
          },
        }),
    };
    const there = await spend(lossy, clock);
    // Some wait for an answer that is lost, and ask when others have given back what was held for them.
    expect(there.dollars).toBeLessThanOrEqual(1);
    expect(there.calls).toBeGreaterThanOrEqual(5);
    expect(there.calls).toBe(there.outcomes.filter((outcome) => outcome === 'done').length);
    expect(clock.pending).toBe(0);
  });

  it('gives its own error object, and ends the rest of the work as one process does', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('paid', { clock });
    const call = paidCall();
    const siblings = parallel({ cheap: call, other: task('other', (_: unknown, { clock }) => clock.sleep(1_000)) });
    await startWorker({ queue, primitives: { siblings }, clock });
    const limited = budget(distribute('siblings', siblings, { queue }), { limitUsd: 0.1, name: 'mine' });
    const failed = limited.execute({ needs: 0.2 }, { context: { clock } }).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await failed).toMatchObject({ name: 'BudgetExceededError', primitiveName: 'mine', limitUsd: 0.1 });
    await clock.advance(10);
    const outcomes = telemetry.spans().map((span) => [span.name, span.attributes['tta.outcome']]);
    expect(Object.fromEntries(outcomes)).toMatchObject({
      'task call': 'rejected',
      'task other': 'rejected',
      'distribute siblings': 'rejected',
    });
    await telemetry.expectMetric('tta_budget_refusals_total', {}, 1);
  });

  it('is not asked by a worker whose caller has gone: the call is not made', async () => {
    const clock = createVirtualClock();
    const inner = memoryQueue('paid', { clock });
    const deaf: JobQueue = { ...inner, tell: async () => {} };
    const paid = nothingPaid();
    const call = paidCall('call', paid);
    await startWorker({ queue: inner, primitives: { call }, clock });
    const limited = budget(distribute('call', call, { queue: deaf }), { limitUsd: 1 });
    const failed = limited.execute({ needs: 0.2 }, { context: { clock } }).catch((error: unknown) => error);
    await clock.advance(9_000);
    expect(paid.calls).toBe(0);
    await clock.advance(3_000);
    expect(await failed).toMatchObject({ name: 'CallerAwayError' });
    expect(paid.calls).toBe(0);
  });

  it('asks the worker what a call costs, with the prices of the worker', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('paid', { clock });
    const asked: unknown[] = [];
    const call = task('call', async (_: unknown, context) => {
      const { reserveAround } = await import('../../src/llm/reserve.ts');
      const settle = await reserveAround(context as never, {
        provider: 'fake',
        model: 'fake',
        requestBytes: 30,
        maxOutputTokens: 7,
        dollarsFor: async (usage) => {
          asked.push(usage);
          return 0.4;
        },
      });
      settle?.({
        ...{ provider: 'fake', model: 'fake', outcome: 'answered', metering: 'exact' },
        ...{ usage: undefined, dollars: 0.3, pricedBy: 'author' },
      } as never);
    });
    await startWorker({ queue, primitives: { call }, clock });
    const limited = budget(distribute('call', call, { queue }), { limitUsd: 1, per: 'all', name: 'asks' });
    for (let i = 0; i < 3; i += 1) {
      const running = limited.execute('x', { context: { clock } }).catch((error: Error) => error.name);
      await clock.advance(10);
      expect(await running).toBe(i < 3 ? undefined : 'BudgetExceededError');
    }
    expect(asked[0]).toMatchObject({ inputTokens: 10, outputTokens: 7 });
    const refused = limited.execute('x', { context: { clock } }).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await refused).toMatchObject({ spentUsd: 0.9, neededUsd: 0.4 });
  });

  it('takes what was held for a call of a lost worker as spent, when the job runs again', async () => {
    const clock = createVirtualClock();
    const inner = memoryQueue('paid', { clock });
    let isLost = false;
    // The first worker dies in its call: nothing comes of it any more, and the job is started again.
    const dying: JobQueue = {
      ...inner,
      work: (handler, options) =>
        inner.work(async (job, run) => {
          if (isLost) return handler(job, { ...run, delivery: 2 });
          isLost = true;
          let isDead = false;
          const reply = (body: Uint8Array) => (isDead ? new Promise<never>(() => {}) : run.reply(body));
          void handler(job, { ...run, reply });
          await clock.sleep(100);
          isDead = true;
          return { end: 'handed_back', delayMs: 0 };
        }, options),
    };
    const paid = nothingPaid();
    const call = paidCall('call', paid);
    await startWorker({ queue: dying, primitives: { call }, clock });
    const limited = budget(distribute('call', call, { queue: inner }), { limitUsd: 1, per: 'all', name: 'again' });
    const running = limited.execute({ needs: 0.4, costs: 0.1, ms: 200 }, { context: { clock } });
    await clock.advance(1_000);
    expect(await running).toBe(0.1);
    expect(paid.calls).toBe(2);
    // 0.4 of the first and 0.1 of the second are spent.
    const next = limited.execute({ needs: 0.6 }, { context: { clock } }).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await next).toMatchObject({ name: 'BudgetExceededError', spentUsd: 0.5, heldUsd: 0 });
  });
});

describe('the cost of distributed work', () => {
  it('has what is charged after the work has its output: its reply waits for that', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('paid', { clock });
    const call = task('call', (_: string, context) => {
      const inContext = context as ExecutionContext;
      // As where a price must be loaded first.
      const later = clock.sleep(50).then(() => tellSpenders(inContext, (each) => each.charged?.(chargeOf(0.5))));
      tellSpenders(inContext, (each) => each.awaits?.(later));
      return 'done';
    });
    await startWorker({ queue, primitives: { call }, clock });
    const running = withCost(distribute('call', call, { queue })).execute('x', { context: { clock } });
    await clock.advance(100);
    expect(await running).toMatchObject({ output: 'done', cost: { calls: 1, dollars: 0.5 } });
  });

  it('is told before the end of the work, also by an engine that is slow to keep what is told', async () => {
    const clock = createVirtualClock();
    const inner = memoryQueue('paid', { clock });
    const slow: JobQueue = {
      ...inner,
      work: (handler, options) =>
        inner.work((job, run) => {
          let pauseMs = 100;
          const reply = async (body: Uint8Array) => {
            const ms = pauseMs;
            pauseMs = 0;
            await clock.sleep(ms);
            await run.reply(body);
          };
          return handler(job, { ...run, reply });
        }, options),
    };
    const call = task('call', (_: string, context) => {
      tellSpenders(context as ExecutionContext, (each) => each.charged?.(chargeOf(0.5)));
    });
    await startWorker({ queue: slow, primitives: { call }, clock });
    const running = withCost(distribute('call', call, { queue: inner })).execute('x', { context: { clock } });
    await clock.advance(200);
    expect(await running).toMatchObject({ cost: { calls: 1, dollars: 0.5 } });
  });

  it('of a run that a worker has handed back is that of a try, and its workflows count where it ends', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('paid', { clock });
    const model = scriptedModel([{ text: 'yes', usage: { inputTokens: 100_000, outputTokens: 0 } }]);
    const ask = workflow('ask', llm(model, { prices: { 'fake-model': { input: 1, output: 2 } } }));
    const slow = task('slow', (_: unknown, context) => context.clock.sleep(5_000));
    const part = sequential(ask, slow);
    const worker = await startWorker({ queue, primitives: { part }, clock });
    const running = distribute('part', part, { queue }).execute('x', { context: { clock } });
    await clock.advance(1);
    const stopped = worker.stop(1_000);
    await clock.advance(1_000);
    expect(await stopped).toMatchObject({ handedBack: 1 });
    await startWorker({ queue, primitives: { part }, clock });
    await clock.advance(6_000);
    await running;
    await telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'retried' }, 0.1);
    await telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'answered' }, 0.1);
    await telemetry.expectMetric('tta_llm_cost_by_use_total', {}, 0.2);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'ask' }, 1);
  });

  it('is that of all its calls, by model, however many there are', async () => {
    const clock = createVirtualClock();
    const queue = memoryQueue('paid', { clock });
    const model = scriptedModel([{ text: 'yes', usage: { inputTokens: 100, outputTokens: 10 } }]);
    const ask = llm(model, { prices: { 'fake-model': { input: 1, output: 2 } } });
    const many = workflow('many', map(ask));
    await startWorker({ queue, primitives: { many }, clock });
    const costs: Cost[] = [];
    const priced = (remote: typeof many) => withCost(remote, { onCost: (cost) => costs.push(cost) });
    const items = Array.from({ length: 100 }, () => 'x');
    const here = await priced(many).execute(items);
    const there = await priced(distribute('many', many, { queue })).execute(items);
    expect(there.cost.calls).toBe(100);
    expect(there.cost).toEqual(here.cost);
    expect(costs).toHaveLength(2);
  });
});
