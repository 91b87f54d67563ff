/** One program, and the same program with two workers: the sums over their metrics endpoints are the same, label by label. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Exposition } from '../../src/prometheus/parse.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { startNats } from '../support/nats.ts';
import { startRedis } from '../support/redis.ts';
import { scrape } from '../support/scrape.ts';

afterEach(endChildren);

/** The work, and what asks for it. `place` puts a primitive elsewhere, or leaves it here. */
const PROGRAM = `
  import * as tta from '${ENTRY.main}';
  import { bullmqQueue, distribute, natsQueue, startWorker } from '${ENTRY.queue}';
  import { register } from '${ENTRY.sdk}';
  const { budget, cache, fallback, llm, map, race, retry, sequential, task, timeout, workflow } = tta;
  const sdk = await register({ traces: false });

  const model = (id, fails = false) => ({
    provider: 'openai',
    id,
    async generate({ messages }) {
      if (fails) throw new Error('down');
      return { text: messages[0].content, usage: { inputTokens: 1000, outputTokens: 100 } };
    },
  });
  const until = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const ask = llm(model('gpt-4o'), { name: 'ask' });
  const text = task('text', (reply) => reply.text);
  const flaky = task('flaky', (input, { attempt }) => {
    if (attempt === 1) throw new Error('not yet');
    return input;
  });
  const inner = workflow('inner', sequential(retry(flaky, { initialDelayMs: 1 }), ask, text));
  const kept = cache(inner, { name: 'kept', key: (input) => input });
  const part = workflow('part', sequential(
    kept,
    kept,
    fallback(sequential(llm(model('gpt-4', true), { name: 'down' }), text), [sequential(ask, text)]),
    fallback(timeout(task('late', (_, { signal }) => until(signal)), { timeoutMs: 20 }), [task('instead', (input) => 'x')]),
    race([workflow('loser', task('slow', (_, { signal }) => until(signal))), task('quick', (input) => input)]),
  ));
  const items = workflow('items', map(workflow('item', sequential(ask, text))));
  const broken = workflow('broken', sequential(ask, task('check', () => { throw new RangeError('wrong'); })));
  const hang = workflow('hang', task('hang', (_, { signal }) => until(signal)));
  const primitives = { part, items, broken, hang };

  const queue = process.env.REDIS
    ? bullmqQueue('work', { url: process.env.REDIS })
    : process.env.NATS ? natsQueue('work', { servers: process.env.NATS }) : undefined;
  const place = (name) => (queue === undefined ? primitives[name] : distribute(name, primitives[name], { queue }));

  if (process.env.ROLE === 'worker') {
    await startWorker({ queue, primitives, concurrency: 4 });
  } else {
    const outer = workflow('outer', sequential(
      place('part'),
      task('list', (input) => [input, 'b', 'c']),
      place('items'),
    ));
    const limited = budget(outer, { limitUsd: 100, per: 'tenant' });
    const none = budget(place('items'), { limitUsd: 0.004, per: 'all', name: 'none' });
    const tried = retry(place('broken'), { maxRetries: 2, initialDelayMs: 1, when: () => true });
    const given = workflow('given', fallback(tried, [task('given', () => 'given')]));
    const ended = [];
    for (let i = 0; i < 12; i += 1)
      ended.push(limited.execute('input ' + i, { context: { tenant: 'tenant ' + (i % 3), tags: { i } } }));
    ended.push(none.execute(['a', 'b', 'c']).catch((error) => error.name));
    ended.push(given.execute('x'));
    await Promise.all(ended);
    // Long enough for a worker to have begun it: what is cancelled while it waits is never counted.
    ended.push(place('hang').execute('x', { signal: AbortSignal.timeout(2_000) }).catch((error) => error.name));
    ended.push(timeout(place('hang'), { timeoutMs: 2_000, name: 'short' }).execute('x').catch((error) => error.name));
    const results = await Promise.all(ended);
    console.log('results ' + JSON.stringify(results.slice(11)));
  }
  console.log('metrics ' + sdk.metricsUrl);
  setInterval(() => {}, 1000);
`;

const SKIPPED = /^(tta_(queue|scrape|process|shared|event_loop|heap)|process_|nodejs_)/;

/** The counts of all endpoints together. Times are those of the machine: their number is compared. */
async function countsOf(urls: readonly string[]): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const scrapes: Exposition[] = await Promise.all(urls.map((url) => scrape(url)));
  for (const { samples, types } of scrapes) {
    for (const { name, labels, value } of samples) {
      const base = name.replace(/_(bucket|sum|count)$/, '');
      const type = types.get(name) ?? types.get(base);
      const isTime = type === 'histogram' && !name.endsWith('_count');
      if (type === 'gauge' || isTime || SKIPPED.test(name) || labels.primitive_type === 'distribute') continue;
      const key = `${name} ${JSON.stringify(labels)}`;
      sums[key] = (sums[key] ?? 0) + value;
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([key, value]) => [key, Number(value.toPrecision(9))]));
}

async function runWith(env: Readonly<Record<string, string>>, workers: number) {
  const started = Array.from({ length: workers }, () => runModule(PROGRAM, { env: { ...env, ROLE: 'worker' } }));
  const urls = await Promise.all(started.map((worker) => worker.says('metrics ')));
  const program = runModule(PROGRAM, { env });
  const results = await program.says('results ');
  return { results, urls: [await program.says('metrics '), ...urls] };
}

const ENGINES = [
  {
    name: 'BullMQ',
    needs: 'redis-server',
    start: async () => {
      const { url, kill } = await startRedis();
      return { env: { REDIS: url }, end: () => kill('SIGKILL') };
    },
  },
  {
    name: 'NATS JetStream',
    needs: 'nats-server',
    start: async () => {
      const nats = await startNats();
      return { env: { NATS: nats.url }, end: () => nats.kill('SIGKILL') };
    },
  },
];

describe.each(ENGINES)('a program with two workers by $name', ({ needs, start }) => {
  it.skipIf(component(needs) === undefined)('counts as one process does, label by label', async () => {
    const here = await runWith({}, 0);
    const server = await start();
    try {
      const there = await runWith(server.env, 2);
      expect(there.results).toBe(here.results);
      // What a cancelled job tells may come after its caller has gone.
      await vi.waitFor(async () => expect(await countsOf(there.urls)).toEqual(await countsOf(here.urls)), {
        timeout: 20_000,
        interval: 500,
      });
      const counts = await countsOf(here.urls);
      const labels = JSON.stringify({ workflow_name: 'inner', outcome: 'success' }).slice(1, -1);
      const inner = Object.entries(counts).find(([key]) => key.includes('workflow_outcomes') && key.includes(labels));
      expect(inner?.[1]).toBe(12);
    } finally {
      await server.end();
    }
  });
});
