/**
 * A support desk: workflows as a user writes them, with models and services that are sometimes slow and sometimes fail.
 * Together they change every metric of the schema.
 */
import {
  type BudgetStore,
  budget,
  bulkhead,
  cache,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  keyvStore,
  llm,
  llmStream,
  loop,
  type Model,
  map,
  parallel,
  rateLimit,
  retry,
  saga,
  sequential,
  task,
  timeout,
  withContext,
  workflow,
} from '../../../src/index.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { distribute, memoryQueue, startWorker } from '../../../src/queue/index.ts';

/** The share of calls to models and services that fail, from 0 to 1. A test changes it to make an outage. */
export const faults = { share: 0.02 };

const pause = (ms: number, signal: AbortSignal) => systemClock.sleep(ms, signal);
/** A random duration: usually near `ms`, rarely several times as long. */
const randomMs = (ms: number) => ms * (0.6 + Math.random() ** 4 * 4);
/** Throws in `faults.share * factor` of all calls. */
const failSometimes = (name: string, factor = 1) => {
  if (Math.random() < faults.share * factor) throw new Error(`${name} is down`);
};

interface Speed {
  readonly ms: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

function modelOf(provider: string, model: string, { ms, inputTokens, outputTokens }: Speed): Model {
  const usage = () => ({
    inputTokens: Math.round(inputTokens * (0.5 + Math.random())),
    outputTokens: Math.round(outputTokens * (0.5 + Math.random())),
    cachedInputTokens: Math.round(inputTokens * 0.3),
    cacheWriteTokens: Math.round(inputTokens * 0.1),
    reasoningTokens: Math.round(outputTokens * 0.2),
  });
  return {
    provider,
    id: model,
    async generate(_, { signal }) {
      await pause(randomMs(ms), signal);
      failSometimes(model);
      return { text: 'an answer', usage: usage() };
    },
    async *stream(_, { signal }) {
      await pause(randomMs(ms / 4), signal);
      for (const text of ['an ', 'answer']) {
        yield { text };
        await pause(randomMs(ms / 4), signal);
      }
      yield { usage: usage() };
    },
  };
}

const service = (name: string, ms: number, faultFactor = 1) =>
  task(name, async (ticket: number, context) => {
    await pause(randomMs(ms), context.signal);
    failSometimes(name, faultFactor);
    return ticket;
  });

export function supportDesk() {
  const large = llm(modelOf('openai', 'gpt-4o', { ms: 220, inputTokens: 1_800, outputTokens: 260 }));
  const small = llm(modelOf('openai', 'gpt-4o-mini', { ms: 90, inputTokens: 900, outputTokens: 120 }));
  const selfHosted = llm(modelOf('house', 'house-7b', { ms: 60, inputTokens: 700, outputTokens: 90 }));
  const streaming = llmStream(
    modelOf('anthropic', 'claude-3-5-haiku-latest', { ms: 120, inputTokens: 600, outputTokens: 80 }),
  );

  const retried = retry(large, { name: 'ask-large', maxRetries: 2, initialDelayMs: 20 });
  const draft = fallback(retried, [small], { name: 'draft' });
  const articles = cache(
    task('find-article', async (ticket: number, context) => {
      await pause(randomMs(12), context.signal);
      return ticket;
    }),
    { name: 'articles', key: (ticket) => String(ticket ** 2 % 101), ttlMs: 20_000 },
  );
  const brokenStore = { get: () => Promise.reject(new Error('down')), set: async () => true, delete: async () => true };
  const profile = cache(service('load-profile', 8, 0), {
    name: 'profiles',
    key: String,
    store: keyvStore(brokenStore),
  });
  const answer = workflow(
    'answer-ticket',
    sequential(parallel([articles, profile]))
      .pipe(task('prompt', (found: readonly unknown[]) => `answer with ${found.length} articles`))
      .pipe(draft),
  );

  const classify = workflow(
    'classify-ticket',
    sequential(task('read', (ticket: number) => `ticket ${ticket}`)).pipe(
      conditional((text: string) => text.endsWith('0'), selfHosted, small),
    ),
  );

  const crm = circuitBreaker(service('crm', 15, 8), { name: 'crm', consecutiveFailures: 2, openMs: 900 });
  const archive = bulkhead(service('archive', 40, 0), { name: 'archive', concurrency: 2, maxQueue: 6 });
  const search = rateLimit(service('search', 5, 0), {
    name: 'search',
    algorithm: 'bucket',
    permits: 12,
    perMs: 1_000,
    burst: 1,
  });
  const replica = hedge(service('replica', 25, 1), { name: 'replica', delayMs: 40 });
  const sync = workflow(
    'sync-customer',
    parallel([crm, archive, archive, archive, search, search, replica], { mode: 'settle' }),
  );

  const undo = task('undo', async () => failSometimes('undo', 8));
  const refund = workflow(
    'refund',
    timeout(
      saga(
        [
          { name: 'reserve', do: service('reserve', 10, 0), compensate: undo },
          { name: 'transfer', do: service('transfer', 30, 2), compensate: undo },
        ],
        { name: 'refund' },
      ),
      { timeoutMs: 110 },
    ),
  );

  const polish = workflow(
    'polish-reply',
    loop(service('improve', 10, 0), { name: 'polish', until: () => Math.random() < 0.5, maxIterations: 6 }),
  );
  const digest = workflow('daily-digest', map(service('summarise', 20, 0), { concurrency: 3 }));
  const strict = retry(
    task('strict', () => Promise.reject(new TypeError('never'))),
    { name: 'strict', when: () => false },
  );

  const read = workflow(
    'read-aloud',
    task('speak', async (ticket: number) => {
      for await (const _ of await streaming.execute(`ticket ${ticket}`));
    }),
  );

  // Each customer has two cents for ten seconds: the third question is refused.
  const asked = llm(modelOf('openai', 'gpt-4o', { ms: 80, inputTokens: 1_500, outputTokens: 200 }));
  const trial = budget(asked, { name: 'trial', limitUsd: 0.02, per: 'tenant', windowMs: 10_000 });
  const down: BudgetStore = {
    reserve: () => Promise.reject(new Error('down')),
    settle: () => Promise.reject(new Error('down')),
  };
  const shared = budget(small, { name: 'shared', limitUsd: 1, per: 'all', store: down });
  const known = cache(shared, { name: 'known-questions', key: String, ttlMs: 20_000 });
  const ask = workflow(
    'ask',
    conditional((question: string) => question.startsWith('new'), trial, known),
  );

  // Its worker is in this process.
  const queue = memoryQueue('translations');
  const translate = service('translate', 60, 1);
  void startWorker({ queue, primitives: { translate }, concurrency: 3 });
  const away = { take: () => Promise.reject(new Error('down')), giveBack: () => {} };
  const limited = rateLimit(distribute('translate', translate, { queue }), {
    ...{ name: 'translations', algorithm: 'bucket', permits: 50, perMs: 1_000 },
    store: away,
  });
  const remote = workflow('translate-ticket', limited);

  const handle = async (ticket: number): Promise<void> => {
    const all = [
      remote.execute(ticket),
      answer.execute(ticket),
      classify.execute(ticket),
      sync.execute(ticket),
      ...(ticket % 3 === 0 ? [refund.execute(ticket), polish.execute(ticket), strict.execute(undefined)] : []),
      ask.execute(ticket % 2 === 0 ? `new question ${ticket}` : `question ${ticket % 8}`),
      ...(ticket % 5 === 0 ? [digest.execute([1, 2, 3, 4]), read.execute(ticket)] : []),
    ];
    await Promise.allSettled(all);
  };
  const customers = ['acme', 'globex', 'initech'];
  return (ticket: number) => withContext({ tenant: customers[ticket % customers.length] }, () => handle(ticket));
}
