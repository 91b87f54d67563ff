/** Each policy around a step that does nothing, beside the peer's same policy with the same telemetry written by hand. */
import {
  circuitBreaker as breakerPolicy,
  bulkhead as bulkheadPolicy,
  ConsecutiveBreaker,
  ExponentialBackoff,
  fallback as fallbackPolicy,
  handleAll,
  retry as retryPolicy,
  TimeoutStrategy,
  timeout as timeoutPolicy,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import CircuitBreaker from 'opossum';
import pLimit from 'p-limit';
import {
  bulkhead,
  cache,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  llm,
  loop,
  map,
  type Primitive,
  race,
  rateLimit,
  retry,
  router,
  saga,
  stream,
  switchOn,
  task,
  timeout,
  workflow,
} from '../../src/index.js';
import type { Case, Run } from './measure.js';
import { byHand } from './reference.js';

const nothing = (input: number) => input;
const step = task('step', nothing);
const stepByHand = byHand('task', 'step', async (input) => input);

/** What is measured of a primitive. */
interface Execute {
  execute(input: number): Promise<unknown>;
}

function row(type: string, peer: string, ours: Execute, policy: (work: Run) => Run, steps = 1): Case {
  const theirs = byHand(type, type, policy(stepByHand));
  return { name: type, reference: peer, ours: (input) => ours.execute(input), theirs, steps };
}

const CIRCUIT = { consecutiveFailures: 5, openMs: 10_000 };
const cockatielBreaker = breakerPolicy(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) });
const cockatielRetry = retryPolicy(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() });
const cockatielTimeout = timeoutPolicy(30_000, TimeoutStrategy.Aggressive);
const cockatielFallback = fallbackPolicy(handleAll, () => stepByHand(0));
const cockatielBulkhead = bulkheadPolicy(10, 100);
const limit = pLimit(10);
const entries = new LRUCache<string, { value: unknown }>({ max: 1_000 });
const broken = task('broken', (_: number): number => {
  throw new Error('broken');
});
const brokenByHand = byHand('task', 'broken', () => Promise.reject(new Error('broken')));
const items = Array.from({ length: 10 }, (_, i) => i);
const each = map(step, { concurrency: 10 });
const asList = (primitive: Primitive<number[], unknown>): Execute => ({ execute: () => primitive.execute(items) });

const three = stream('three', async function* (n: number) {
  yield n;
  yield n + 1;
  yield n + 2;
});
const read = async (chunks: AsyncIterable<unknown>) => {
  for await (const _ of chunks);
};
const reply = { text: 'ok', usage: { inputTokens: 10, outputTokens: 10 } };
const model = { provider: 'openai', id: 'gpt-4', generate: async () => reply };
const asked = llm(model);
const spent = { tokens: 0, dollars: 0 };

export const policies: readonly Case[] = [
  {
    name: 'stream of three',
    reference: 'for await by hand',
    ours: async (n) => read(await three.execute(n)),
    theirs: byHand('stream', 'three', (n) =>
      read(
        (async function* () {
          yield n;
          yield n + 1;
          yield n + 2;
        })(),
      ),
    ),
  },
  {
    name: 'llm, with its cost',
    reference: 'sums by hand',
    ours: () => asked.execute('hi'),
    theirs: byHand('llm', 'gpt-4', async () => {
      const { usage } = await model.generate();
      spent.tokens += usage.inputTokens + usage.outputTokens;
      spent.dollars += (usage.inputTokens * 30 + usage.outputTokens * 60) / 1e6;
    }),
  },
  row('workflow', 'one more by hand', workflow('named', step), (work) => work),
  row('retry', 'cockatiel', retry(step), (work) => (n) => cockatielRetry.execute(() => work(n))),
  row(
    'timeout',
    'cockatiel',
    timeout(step, { timeoutMs: 30_000 }),
    (work) => (n) => cockatielTimeout.execute(() => work(n)),
  ),
  row('fallback', 'cockatiel', fallback(step, [step]), (work) => (n) => cockatielFallback.execute(() => work(n))),
  row(
    'fallback, used',
    'cockatiel',
    fallback(broken, [step]),
    () => (n) => cockatielFallback.execute(() => brokenByHand(n)),
  ),
  row(
    'circuit_breaker',
    'cockatiel',
    circuitBreaker(step, CIRCUIT),
    (work) => (n) => cockatielBreaker.execute(() => work(n)),
  ),
  row('circuit_breaker', 'opossum', circuitBreaker(step, CIRCUIT), (work) => {
    const breaker = new CircuitBreaker(work, { timeout: false });
    return (n) => breaker.fire(n);
  }),
  row(
    'bulkhead',
    'cockatiel',
    bulkhead(step, { concurrency: 10, maxQueue: 100 }),
    (work) => (n) => cockatielBulkhead.execute(() => work(n)),
  ),
  row('bulkhead', 'p-limit', bulkhead(step, { concurrency: 10, maxQueue: 100 }), (work) => (n) => limit(() => work(n))),
  row(
    'map of ten',
    'p-limit',
    asList(each as Primitive<number[], unknown>),
    (work) => () => Promise.all(items.map((n) => limit(() => work(n)))),
    10,
  ),
  row('cache, hit', 'lru-cache by hand', cache(step, { key: () => 'k' }), (work) => async (n) => {
    const kept = entries.get('k');
    if (kept !== undefined) return kept.value;
    const value = await work(n);
    entries.set('k', { value });
    return value;
  }),
  row('hedge', 'Promise.race by hand', hedge(step, { delayMs: 30_000 }), (work) => async (n) => {
    let timer: NodeJS.Timeout | undefined;
    const second = new Promise((resolve) => {
      timer = setTimeout(() => resolve(work(n)), 30_000);
    });
    return Promise.race([work(n), second]).finally(() => clearTimeout(timer));
  }),
  row('rate_limit', 'a counter by hand', rateLimit(step, { permits: 1e9, perMs: 1 }), (work) => {
    let left = 1e12;
    return async (n) => {
      left -= 1;
      return left > 0 ? work(n) : undefined;
    };
  }),
  row('saga', 'try and catch by hand', saga([{ name: 'only', do: step }]), (work) => async (n) => {
    const undo: (() => void)[] = [];
    try {
      const output = await work(n);
      undo.push(() => {});
      return output;
    } catch (error) {
      for (const one of undo.reverse()) one();
      throw error;
    }
  }),
  row(
    'race of three',
    'Promise.any by hand',
    race([step, step, step]),
    (work) => (n) => Promise.any([work(n), work(n), work(n)]),
    3,
  ),
  row('loop', 'while by hand', loop(step, { until: () => true, maxIterations: 3 }), (work) => (n) => work(n)),
  row(
    'conditional',
    'if by hand',
    conditional((n: number) => n >= 0, step, step),
    (work) => async (n) => (n >= 0 ? work(n) : undefined),
  ),
  row(
    'router',
    'a lookup by hand',
    router((_: number) => 'a', { a: step }),
    (work) => {
      const routes: Record<string, Run> = { a: work };
      return async (n) => routes.a?.(n);
    },
  ),
  row(
    'switch',
    'switch by hand',
    switchOn((_: number) => 'a' as 'a' | 'b', { a: step, b: step }),
    (work) => async (n) => {
      const key = 'a' as 'a' | 'b';
      return key === 'a' ? work(n) : undefined;
    },
  ),
];
