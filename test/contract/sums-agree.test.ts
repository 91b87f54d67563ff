/** Random workflows under random faults and aborts: at rest, all sums of dollars agree. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Cost,
  cache,
  fallback,
  hedge,
  llm,
  llmStream,
  type Model,
  ModelReplyError,
  map,
  type Primitive,
  parallel,
  race,
  retry,
  sequential,
  task,
  timeout,
  withContext,
  withCost,
  workflow,
} from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { beginModelCall } from '../../src/llm/begin-model-call.ts';
import { createVirtualClock, settled, startTestTelemetry } from '../../src/testing/index.ts';
import { total } from '../support/scrape.ts';

type Any = Primitive<number, unknown>;

interface Node {
  readonly kind: string;
  readonly children: readonly Node[];
  /** Each kind makes its milliseconds, numbers and choices of it. */
  readonly seed: number;
}

const LEAVES = ['call', 'call', 'fails', 'deaf', 'stream', 'leaves', 'wire', 'wireAborts', 'throws', 'unknown'];
const INNER = [
  ...['sequential', 'parallel', 'settle', 'retry', 'poor', 'timeout', 'fallback', 'cache', 'race', 'hedge'],
  ...['map', 'workflow', 'tenant', 'aborts', 'withCost'],
];

const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ kind: fc.constantFrom(...LEAVES), children: fc.constant([]), seed: fc.nat(50) }),
    fc.record({
      kind: fc.constantFrom(...INNER),
      children: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      seed: fc.nat(50),
    }),
  ),
}));

/** Makes the workflow, and writes down what its calls really cost. */
function build(root: Node) {
  const spent = { dollars: 0, calls: 0 };
  let keys = 0;
  const pay = (seed: number) => {
    // Sums of such prices are not exact.
    const dollars = 0.1 + seed / 1_000;
    spent.dollars += dollars;
    spent.calls += 1;
    return { inputTokens: dollars * 1e6, outputTokens: 0 };
  };
  const make = ({ kind, children, seed }: Node): Any => {
    if (children.length === 0) return leaf(kind, seed, pay);
    const all = children.map(make);
    const [first, ...rest] = all as [Any, ...Any[]];
    switch (kind) {
      case 'sequential':
        return sequential(...(all as [Any])) as Any;
      case 'parallel':
        return parallel(all) as Any;
      case 'settle':
        return parallel(all, { mode: 'settle' }) as Any;
      case 'retry':
        return retry(first, { maxRetries: seed % 3, initialDelayMs: seed, when: () => true });
      case 'poor':
        return retry(first, {
          maxRetries: 1,
          initialDelayMs: seed,
          when: () => true,
          whenResult: () => seed % 2 === 0,
        });
      case 'timeout':
        return timeout(first, { timeoutMs: seed });
      case 'fallback':
        return fallback(first, rest.length === 0 ? [first] : rest) as Any;
      case 'cache': {
        keys += 1;
        const key = `key-${keys}`;
        return cache(first, { key: () => key, ttlMs: seed });
      }
      case 'race':
        return race(all) as Any;
      case 'hedge':
        return hedge(first, { delayMs: seed, maxHedges: 1 + (seed % 2), when: () => true });
      case 'map': {
        const items = map(first, { concurrency: 2 });
        return task('list', (n: number) => items.execute([n, n + 1]));
      }
      case 'tenant':
        return task('tenant', (n: number) => withContext({ tenant: `t${seed % 3}` }, () => first.execute(n)));
      case 'aborts':
        return task('aborts', async (n: number, context) => {
          const controller = new AbortController();
          const cancel = context.clock.after(seed, () => controller.abort());
          return first.execute(n, { signal: controller.signal }).finally(cancel);
        });
      case 'withCost':
        return withCost(first) as Any;
      default:
        return workflow(`flow-${seed % 3}`, first);
    }
  };
  return { work: make(root), spent };
}

const PRICES = { m: { input: 1, output: 1 } };

function leaf(kind: string, seed: number, pay: (seed: number) => { inputTokens: number; outputTokens: number }): Any {
  const clock = () => current;
  const model: Model = {
    provider: 'p',
    id: 'm',
    async generate(_, { signal }) {
      const usage = pay(seed);
      try {
        await clock().sleep(seed, kind === 'deaf' ? undefined : signal);
      } catch (cause) {
        throw Object.assign(new Error('aborted', { cause }), { usage });
      }
      if (kind === 'fails') throw new ModelReplyError('no', usage);
      return kind === 'unknown' ? { text: 'x', model: 'm', usage } : { text: 'x', usage };
    },
    async *stream(_, { signal }) {
      const usage = pay(seed);
      yield { text: 'a', usage };
      await clock().sleep(seed, signal);
      if (seed % 5 === 0) throw new Error('broke off');
      yield { text: 'b' };
    },
  };
  const ask = llm(model, { prices: PRICES });
  const read = llmStream(model, { prices: PRICES });
  return task(kind, async (n: number, context) => {
    switch (kind) {
      case 'throws':
        throw new Error('no');
      case 'stream':
      case 'leaves':
        for await (const _ of await read.execute('x')) if (kind === 'leaves') break;
        return n;
      case 'wire':
      case 'wireAborts': {
        const call = beginModelCall({ ...START, provider: 'p', model: 'nobody-knows' });
        const { inputTokens } = pay(seed);
        const end = { ...END, statedDollars: inputTokens / 1e6 };
        try {
          await call.run(() => context.clock.sleep(seed, context.signal));
        } catch (error) {
          call.cancelled(error, end);
          throw error;
        }
        if (kind === 'wire') call.succeeded(end);
        else call.cancelled(undefined, { ...end, metering: 'partial' });
        return n;
      }
      default:
        await ask.execute('x');
        return n;
    }
  });
}

const START = {
  operation: 'chat',
  requestBytes: 1,
  maxOutputTokens: undefined,
  serverAddress: undefined,
  serverPort: undefined,
  streams: false,
  resendCount: undefined,
};
const END = {
  model: undefined,
  id: undefined,
  finishReasons: [],
  usage: { inputTokens: 1, outputTokens: 1 },
  metering: 'exact' as const,
  statedDollars: 0,
  serviceTier: undefined,
};

let current = createVirtualClock();

describe('the dollars of random workflows', () => {
  beforeAll(() => loadCatalogue());

  it('are the same by model, by use, by workflow, by tenant, by withCost and by hand', async () => {
    const scenario = fc.record({
      root: tree,
      runs: fc.array(fc.record({ abortAtMs: fc.option(fc.nat(80)), tenant: fc.boolean() }), {
        minLength: 1,
        maxLength: 3,
      }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ root, runs }) => {
        const clock = createVirtualClock();
        current = clock;
        const telemetry = startTestTelemetry();
        try {
          const { work, spent } = build(root);
          const costs: Cost[] = [];
          const outer = withCost(work, { onCost: (cost) => costs.push(cost) });
          const running = runs.map(({ abortAtMs, tenant }, i) => {
            const controller = new AbortController();
            if (abortAtMs !== null) clock.after(abortAtMs, () => controller.abort());
            const context = tenant ? { clock, tenant: 'outer' } : { clock };
            return outer.execute(i, { context, signal: controller.signal }).catch(() => {});
          });
          for (let i = 0; i < 40; i += 1) await clock.advance(50);
          await Promise.all(running);
          await settled();
          const scrape = await telemetry.scrape();
          const sums = {
            byModel: total(scrape, 'tta_llm_cost_total'),
            byUse: total(scrape, 'tta_llm_cost_by_use_total'),
            byWorkflow: total(scrape, 'tta_workflow_llm_cost_total'),
            byTenant: total(scrape, 'tta_tenant_llm_cost_total'),
            byWithCost: costs.reduce((sum, { dollars }) => sum + dollars, 0),
          };
          for (const sum of Object.values(sums)) expect(sum, JSON.stringify(sums)).toBeCloseTo(spent.dollars, 6);
          expect(costs).toHaveLength(runs.length);
          expect(costs.reduce((sum, { calls }) => sum + calls, 0)).toBe(spent.calls);
        } finally {
          await telemetry.stop();
        }
      }),
      { numRuns: 150, interruptAfterTimeLimit: 20_000 },
    );
  }, 60_000);
});
