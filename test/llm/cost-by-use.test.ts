/** What became of the dollars, by the nearest policy that dropped the call. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cache,
  fallback,
  hedge,
  llm,
  llmStream,
  loop,
  type Model,
  ModelReplyError,
  type Primitive,
  parallel,
  race,
  retry,
  sequential,
  task,
  timeout,
} from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(async () => {
  await loadCatalogue();
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const clock = createVirtualClock();
const usage = { inputTokens: 1_000, outputTokens: 0 };

interface Step {
  /** Dollars of the call. */
  readonly costs: number;
  readonly afterMs?: number;
  /** Whether the reply is an error that is billed. */
  readonly fails?: boolean;
  /** Whether the call goes on after an abort, and is billed. */
  readonly deaf?: boolean;
}

/** A model whose calls follow the steps; the last one is repeated. */
function call(...steps: readonly Step[]): Primitive<unknown, unknown> {
  let calls = 0;
  const bill = (costs: number) => ({ ...usage, inputTokens: costs * 1_000_000 });
  const model: Model = {
    provider: 'p',
    id: 'm',
    async generate(_, { signal }) {
      const { costs, afterMs = 0, fails, deaf } = steps[Math.min(calls, steps.length - 1)] as Step;
      calls += 1;
      try {
        if (afterMs > 0) await clock.sleep(afterMs, deaf === true ? undefined : signal);
      } catch (reason) {
        throw Object.assign(new Error('aborted', { cause: reason }), { usage: bill(costs) });
      }
      if (fails === true) throw new ModelReplyError('no', bill(costs));
      return { text: 'yes', usage: bill(costs) };
    },
  };
  const ask = llm(model, { prices: { m: { input: 1, output: 1 } } });
  return task('ask', () => ask.execute('x'));
}

const broken = task('broken', () => Promise.reject(new Error('no')));

/** The dollars by use after an execution, at rest. */
async function uses(work: Primitive<unknown, unknown>, { abortAtMs }: { abortAtMs?: number } = {}) {
  const controller = new AbortController();
  const running = work.execute(undefined, { context: { clock }, signal: controller.signal }).catch(() => {});
  if (abortAtMs !== undefined) {
    await clock.advance(abortAtMs);
    controller.abort();
  }
  await clock.advance(10_000);
  await running;
  await settled();
  const { samples } = await telemetry.scrape();
  const found = samples.filter(({ name, value }) => name === 'tta_llm_cost_by_use_total' && value > 0);
  const cost = samples.filter(({ name }) => name === 'tta_llm_cost_total').reduce((sum, { value }) => sum + value, 0);
  expect(found.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(cost, 9);
  return Object.fromEntries(found.map(({ labels, value }) => [labels.use, Number(value.toFixed(9))]));
}

const retries = { initialDelayMs: 1, jitter: 'none', when: () => true } as const;

describe('the dollars of a call', () => {
  it.each<[string, Primitive<unknown, unknown>, Record<string, number>]>([
    ['that answered are answered', sequential(call({ costs: 1 }), call({ costs: 2 })), { answered: 3 }],
    ['that answered work which failed later are answered', sequential(call({ costs: 1 }), broken), { answered: 1 }],
    ['whose reply is an error are failed', call({ costs: 1, fails: true }), { failed: 1 }],
    [
      'whose failed reply a retry repeats are failed',
      retry(call({ costs: 1, fails: true }, { costs: 2 }), retries),
      { failed: 1, answered: 2 },
    ],
    [
      'that answered, in a try that a retry dropped, are retried',
      retry(sequential(call({ costs: 1 }), call({ costs: 2, fails: true }, { costs: 4 })), retries),
      { retried: 1, failed: 2, answered: 5 },
    ],
    [
      'that gave a poor result are retried, but for the last one',
      retry(call({ costs: 1 }), { ...retries, maxRetries: 2, whenResult: () => true }),
      { retried: 2, answered: 1 },
    ],
    ['of a substitute are fallback', fallback(broken, [call({ costs: 1 })]), { fallback: 1 }],
    [
      'of the primary and of substitutes that failed are failed, those that answered there are fallback',
      fallback(sequential(call({ costs: 1 }), call({ costs: 2, fails: true })), [
        call({ costs: 4, fails: true }),
        call({ costs: 8 }),
      ]),
      { fallback: 9, failed: 6 },
    ],
    [
      'of a fallback that fails whole are failed for the error that is left, and fallback for what it dropped',
      fallback(sequential(call({ costs: 1 }), broken), [sequential(call({ costs: 2 }), broken)]),
      { fallback: 1, answered: 2 },
    ],
    ['of a primary that answered are answered', fallback(call({ costs: 1 }), [call({ costs: 2 })]), { answered: 1 }],
    [
      'of a substitute whose answer a retry drops are retried',
      retry(sequential(fallback(broken, [call({ costs: 1 })]), task('judge', twice())), retries),
      { retried: 1, fallback: 1 },
    ],
    [
      'of the losers of a race are hedged, whatever became of them',
      race([
        call({ costs: 1, afterMs: 5 }),
        call({ costs: 2, afterMs: 10 }),
        call({ costs: 4, afterMs: 20, deaf: true }),
        call({ costs: 8, afterMs: 1, fails: true }),
        sequential(call({ costs: 16 }), call({ costs: 32, afterMs: 50 })),
      ]),
      { answered: 1, hedged: 62 },
    ],
    [
      'of a race without a winner are failed',
      race([call({ costs: 1, fails: true }), call({ costs: 2, fails: true, afterMs: 3 })]),
      { failed: 3 },
    ],
    [
      'of a try that a hedge did not need are hedged',
      hedge(call({ costs: 1, afterMs: 100 }, { costs: 2, afterMs: 10 }), { delayMs: 20 }),
      { hedged: 1, answered: 2 },
    ],
    [
      'that a retry inside of a losing branch dropped are retried',
      race([
        call({ costs: 1, afterMs: 50 }),
        retry(call({ costs: 2 }, { costs: 4, afterMs: 500 }), { ...retries, whenResult: () => true }),
      ]),
      { answered: 1, retried: 2, hedged: 4 },
    ],
    [
      'that did not come in time are failed, also if they come later',
      parallel([
        timeout(call({ costs: 1, afterMs: 50 }), { timeoutMs: 10 }),
        timeout(call({ costs: 2, afterMs: 50, deaf: true }), { timeoutMs: 10 }),
      ]),
      { failed: 3 },
    ],
    [
      'that a failed sibling ended are failed, those that had answered are answered',
      parallel([
        call({ costs: 1, afterMs: 50 }),
        call({ costs: 2 }),
        sequential(call({ costs: 4, afterMs: 5 }), broken),
      ]),
      { failed: 1, answered: 6 },
    ],
    [
      'of each iteration of a loop are answered',
      loop(call({ costs: 1 }), { until: twiceTrue(), maxIterations: 5 }),
      { answered: 2 },
    ],
  ])('%s', async (_, work, expected) => {
    expect(await uses(work)).toEqual(expected);
  });

  it.each<[string, Primitive<unknown, unknown>, number, Record<string, number>]>([
    ['in the call', call({ costs: 1, afterMs: 50 }), 10, { aborted: 1 }],
    ['in a call that goes on', call({ costs: 1, afterMs: 50, deaf: true }), 10, { aborted: 1 }],
    ['after other calls', sequential(call({ costs: 1 }), call({ costs: 2, afterMs: 50 })), 10, { aborted: 3 }],
    [
      'in the wait of a retry, whose decision stands',
      retry(call({ costs: 1 }), { ...retries, initialDelayMs: 100, whenResult: () => true }),
      10,
      { retried: 1 },
    ],
    [
      'in a race, in a fallback',
      fallback(race([call({ costs: 1, afterMs: 50 }), call({ costs: 2, afterMs: 60 })]), [call({ costs: 4 })]),
      10,
      { aborted: 3 },
    ],
  ])('are aborted where the caller cancels %s', async (_, work, abortAtMs, expected) => {
    expect(await uses(work, { abortAtMs })).toEqual(expected);
  });

  it('are aborted where the code of a task cancels a part of the work, and answered around it', async () => {
    const part = sequential(call({ costs: 1 }), call({ costs: 2, afterMs: 50 }));
    const outer = task('outer', async (_, context) => {
      const controller = new AbortController();
      const cancel = context.clock.after(10, () => controller.abort());
      await part.execute(undefined, { signal: controller.signal }).catch(cancel);
    });
    expect(await uses(sequential(call({ costs: 4 }), outer))).toEqual({ aborted: 3, answered: 4 });
  });

  it('are answered where the execution that began a run of a cache is cancelled, and another waits for it', async () => {
    const kept = cache(call({ costs: 1, afterMs: 50 }), { key: () => 'k' });
    const controller = new AbortController();
    const first = kept.execute(1, { context: { clock }, signal: controller.signal }).catch(() => {});
    const second = kept.execute(1, { context: { clock } });
    await clock.advance(10);
    controller.abort();
    await first;
    await clock.advance(100);
    await second;
    await telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'answered' }, 1);
  });

  it('are written when the outermost execution ends, and at once where there is none or it has ended', async () => {
    const cost = () => telemetry.expectMetric('tta_llm_cost_by_use_total', { use: 'answered' }, expected);
    let expected = 0;
    const inner = call({ costs: 1 });
    await task('outer', async () => {
      await sequential(inner).execute(undefined);
      await cost();
    }).execute();
    expected = 1;
    await cost();
  });
});

describe('the dollars of a stream', () => {
  const model: Model = {
    provider: 'p',
    id: 'm',
    generate: () => Promise.reject(new Error('no')),
    async *stream() {
      yield { text: 'a', usage };
      yield { text: 'b', usage };
    },
  };
  const ask = llmStream(model, { prices: { m: { input: 1_000, output: 1 } } });
  const use = (name: string, dollars: number) =>
    telemetry.expectMetric('tta_llm_cost_by_use_total', { use: name }, dollars);

  it('are written when it has ended', async () => {
    const chunks = await retry(ask).execute('x');
    await chunks.next();
    await use('answered', 0);
    for await (const _ of chunks);
    await use('answered', 1);
  });

  it('are aborted where the reader leaves it, and hedged where it lost a race', async () => {
    for await (const _ of await ask.execute('x')) break;
    await use('aborted', 1);
    const chunks = await race([ask, ask]).execute('x');
    for await (const _ of chunks);
    await settled();
    await use('answered', 1);
    await use('hedged', 1);
  });
});

function twice(): () => string {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls === 1) throw new Error('poor');
    return 'good';
  };
}

function twiceTrue(): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls === 2;
  };
}
