/** The same work in one process and on workers: the sum over all endpoints is the same, label by label. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  cache,
  fallback,
  hedge,
  llm,
  type Model,
  map,
  type Primitive,
  parallel,
  race,
  retry,
  sequential,
  task,
  timeout,
  withCost,
  workflow,
} from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import type { Exposition } from '../../src/prometheus/parse.ts';
import { distribute, memoryQueue, startWorker } from '../../src/queue/index.ts';
import {
  createVirtualClock,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
// Else the first call waits for prices in the time of the machine.
beforeAll(() => loadCatalogue());
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

/** Answers after `ms` of the clock; `deaf`: also where it is aborted. */
function modelOf(clock: VirtualClock, id: string, ms: number, { deaf = false, fails = false } = {}): Model {
  return {
    provider: 'openai',
    id,
    async generate(_, { signal }) {
      await clock.sleep(ms, deaf ? undefined : signal);
      if (fails) throw new Error(`${id} failed`);
      return { text: 'yes', usage: { inputTokens: 1_000, outputTokens: 100 } };
    },
  };
}

/** Work of many kinds, in which everything happens that is counted. */
function workOf(clock: VirtualClock): Primitive<string, unknown> {
  const ask = llm(modelOf(clock, 'gpt-4o', 20), { name: 'ask', prices: { 'gpt-4o': { input: 2, output: 10 } } });
  const broken = llm(modelOf(clock, 'gpt-4', 10, { fails: true }), { name: 'broken' });
  let tries = 0;
  const flaky = task('flaky', () => {
    tries += 1;
    if (tries % 2 === 1) throw new Error('not yet');
    return 'flaky';
  });
  const inner = workflow('inner', sequential(retry(flaky, { initialDelayMs: 5, jitter: 'none' }), ask));
  const kept = cache(inner, { name: 'kept', key: () => 'x' });
  const late = timeout(workflow('late', llm(modelOf(clock, 'gpt-4o', 500, { deaf: true }))), { timeoutMs: 30 });
  const first = race([
    workflow('slow', llm(modelOf(clock, 'gpt-4o-mini', 90, { deaf: true }))),
    task('quick', () => 'quick'),
  ]);
  return workflow(
    'whole',
    budget(
      parallel({
        kept: sequential(
          kept,
          task('again', () => 'x'),
          kept,
        ),
        fallen: fallback(broken, [ask]),
        late: fallback(late, [task('instead', () => 'instead')]),
        first,
        items: sequential(
          task('list', () => ['x', 'y']),
          map(workflow('item', ask), { concurrency: 2 }),
        ),
      }),
      { limitUsd: 1 },
    ),
  );
}

const GAUGES = ['gauge', 'untyped'];

/** What an endpoint shows, without what only a queue has, gauges and what the machine says. */
function counted({ samples, types }: Exposition): Record<string, number> {
  const base = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
  const isCounted = (name: string) => !GAUGES.includes(types.get(name) ?? types.get(base(name)) ?? 'gauge');
  const all = samples.filter(
    ({ name, labels }) =>
      isCounted(name) &&
      labels.primitive_type !== 'distribute' &&
      !/^tta_(queue|scrape|process)|^(process|nodejs)_/.test(name),
  );
  return Object.fromEntries(
    all.map(({ name, labels, value }) => [`${name} ${JSON.stringify(labels)}`, rounded(value)]),
  );
}

/** Sums of dollars and seconds in another order are not the same to the last bit. */
const rounded = (value: number) => Number(value.toPrecision(12));

type Place = <In, Out>(name: string, primitive: Primitive<In, Out>) => Primitive<In, Out>;

/** What is counted where the work is placed by `place`, when all is over. */
async function run(
  scenario: (place: Place, clock: VirtualClock) => Promise<unknown>,
  isDistributed: boolean,
): Promise<Record<string, number>> {
  await telemetry.stop();
  telemetry = startTestTelemetry();
  const clock = createVirtualClock();
  const queue = memoryQueue('work', { clock });
  const primitives: Record<string, Primitive<never, unknown>> = {};
  const place: Place = (name, primitive) => {
    if (!isDistributed) return primitive;
    primitives[name] = primitive;
    return distribute(name, primitive, { queue });
  };
  const ended = scenario(place, clock);
  ended.catch(() => {});
  if (isDistributed) for (let i = 0; i < 2; i += 1) await startWorker({ queue, primitives, clock });
  for (let i = 0; i < 40; i += 1) await clock.advance(100);
  await ended;
  return counted(await telemetry.scrape());
}

const SCENARIOS: Record<string, (place: Place, clock: VirtualClock) => Promise<unknown>> = {
  'work that succeeds': async (place, clock) => {
    const outer = workflow(
      'outer',
      sequential(
        place('work', workOf(clock)),
        task('after', () => 'after'),
      ),
    );
    const context = { clock, tenant: 'acme' };
    await Promise.all(['a', 'b', 'c'].map((input) => outer.execute(input, { context })));
  },
  'work that a caller aborts': async (place, clock) => {
    const controller = new AbortController();
    const deaf = workflow('deaf', llm(modelOf(clock, 'gpt-4o', 300, { deaf: true })));
    const running = place('deaf', deaf).execute('x', { context: { clock }, signal: controller.signal });
    clock.after(50, () => controller.abort());
    await running.catch(() => {});
  },
  'work that a timeout ends, and a retry repeats': async (place, clock) => {
    const slow = workflow('slow', llm(modelOf(clock, 'gpt-4o', 200, { deaf: true })));
    const limited = retry(timeout(place('slow', slow), { timeoutMs: 60 }), {
      maxRetries: 1,
      initialDelayMs: 1,
      jitter: 'none',
    });
    await workflow('outer', limited)
      .execute('x', { context: { clock } })
      .catch(() => {});
  },
  'work that a race drops, whose model answers all the same': async (place, clock) => {
    const slow = workflow('slow', llm(modelOf(clock, 'gpt-4o', 200, { deaf: true })));
    const quick = workflow('quick', llm(modelOf(clock, 'gpt-4o-mini', 20)));
    const first = race([place('slow', slow), place('quick', quick)]);
    await workflow('outer', first).execute('x', { context: { clock } });
  },
  'work that a hedge repeats': async (place, clock) => {
    const slow = workflow('slow', llm(modelOf(clock, 'gpt-4o', 200, { deaf: true })));
    await hedge(place('slow', slow), { delayMs: 50 }).execute('x', { context: { clock } });
  },
  'work whose answer a fallback replaces, and a retry drops': async (place, clock) => {
    const ask = llm(modelOf(clock, 'gpt-4o', 20));
    const wrong = workflow(
      'wrong',
      sequential(
        ask,
        task('check', () => Promise.reject(new Error('wrong'))),
      ),
    );
    const tried = retry(place('wrong', wrong), { maxRetries: 1, initialDelayMs: 1, jitter: 'none' });
    await workflow('outer', fallback(tried, [ask])).execute('x', { context: { clock } });
  },
  'work under a budget that refuses a part of it': async (place, clock) => {
    const ask = llm(modelOf(clock, 'gpt-4o', 20), { maxTokens: 1_000 });
    const many = workflow('many', map(workflow('one', ask), { concurrency: 2 }));
    const limited = budget(place('many', many), { limitUsd: 0.05 });
    await limited.execute(Array.from({ length: 20 }, () => 'x') as never, { context: { clock } }).catch(() => {});
  },
  'work whose cost is asked for': async (place, clock) => {
    const ask = llm(modelOf(clock, 'gpt-4o', 20));
    await withCost(place('ask', ask)).execute('x', { context: { clock } });
  },
  'work in a job of a job': async (place, clock) => {
    const inner = place('inner', workflow('inner', llm(modelOf(clock, 'gpt-4o', 20))));
    const middle = place('middle', workflow('middle', retry(inner)));
    await budget(middle, { limitUsd: 1 }).execute('x', { context: { clock } });
  },
};

describe('the counts of distributed work are those of one process for', () => {
  it.each(Object.keys(SCENARIOS))('%s', async (name) => {
    const scenario = SCENARIOS[name] as (typeof SCENARIOS)[string];
    const here = await run(scenario, false);
    const there = await run(scenario, true);
    expect(Object.keys(here).length).toBeGreaterThan(20);
    expect(there).toEqual(here);
  });
});
