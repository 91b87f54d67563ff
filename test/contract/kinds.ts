import {
  budget,
  bulkhead,
  cache,
  circuitBreaker,
  conditional,
  type ExecuteOptions,
  fallback,
  hedge,
  llm,
  llmStream,
  loop,
  type Model,
  map,
  type Primitive,
  parallel,
  race,
  rateLimit,
  retry,
  router,
  saga,
  sequential,
  stream,
  switchOn,
  task,
  timeout,
  type WithCost,
  withCost,
  workflow,
} from '../../src/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { distribute, memoryQueue, startWorker } from '../../src/queue/index.ts';
import { memoryCircuitStore } from '../support/memory-circuit-store.ts';
import { memoryRateLimitStore } from '../support/memory-rate-limit-store.ts';

/** A kind around one piece of work. Its result and its telemetry must be those of the work. */
export interface Kind {
  readonly type: string;
  /** The name in the metrics without an author's name. */
  readonly defaultName: string;
  /** Whether the primitive is the work itself and does not wrap the work. */
  readonly leaf?: true;
  /** Whether errors of the work come from another process: they are like those that were thrown, not the same objects. */
  readonly crosses?: true;
  /** Whether its executions are workflow executions too. */
  readonly workflow?: true;
  readonly spanName?: string;
  build(work: (input: string, signal: AbortSignal) => Promise<string>): Primitive<string, unknown>;
}

const work = (fn: (input: string, signal: AbortSignal) => Promise<string>) =>
  task('work', (input: string, context) => fn(input, context.signal));

const modelOf = (fn: (input: string, signal: AbortSignal) => Promise<string>): Model => ({
  provider: 'openai',
  id: 'gpt-4',
  generate: async ({ messages }, { signal }) => ({
    text: await fn(messages[0]?.content ?? '', signal),
    usage: { inputTokens: 10, outputTokens: 1 },
  }),
});

/** A primitive for lists as a primitive for one item: it gets a list of one item, and gives the first output. */
const single = (
  execute: (items: string[], options?: ExecuteOptions) => Promise<Iterable<string> | AsyncIterable<string>>,
): Primitive<string, unknown> => {
  const executeSingle = async (input: string, options?: ExecuteOptions) => {
    for await (const output of await execute([input], options)) return output;
    return undefined;
  };
  return { execute: executeSingle } as Primitive<string, unknown>;
};

/** A primitive whose output is a stream, as a primitive with one output: the stream is read to its end. */
const readWhole = (primitive: Primitive<string, AsyncIterable<string>>): Primitive<string, unknown> => {
  const executeWhole = async (input: string, options?: ExecuteOptions) => {
    let text = '';
    for await (const chunk of await primitive.execute(input, options)) text += chunk;
    return text;
  };
  return { execute: executeWhole } as Primitive<string, unknown>;
};

/** A primitive that gives its output with the cost, as one that gives the output. */
const withoutCost = (primitive: Primitive<string, WithCost<unknown>>): Primitive<string, unknown> => {
  const executeWork = async (input: string, options?: ExecuteOptions) =>
    (await primitive.execute(input, options)).output;
  return { execute: executeWork } as Primitive<string, unknown>;
};

/** Every kind. Add a new kind here, and the whole contract is tested for it. */
export const kinds: readonly Kind[] = [
  {
    type: 'task',
    defaultName: 'work',
    leaf: true,
    build: (fn) => task('work', (input: string, context) => fn(input, context.signal)),
  },
  {
    type: 'sequential',
    defaultName: 'SequentialPrimitive',
    workflow: true,
    build: (fn) => sequential(work(fn)),
  },
  {
    type: 'parallel',
    defaultName: 'ParallelPrimitive',
    workflow: true,
    build: (fn) => parallel([work(fn)]),
  },
  { type: 'conditional', defaultName: 'ConditionalPrimitive', build: (fn) => conditional(() => true, work(fn)) },
  { type: 'router', defaultName: 'RouterPrimitive', build: (fn) => router(() => 'only', { only: work(fn) }) },
  { type: 'retry', defaultName: 'RetryPrimitive', build: (fn) => retry(work(fn), { maxRetries: 0 }) },
  { type: 'saga', defaultName: 'SagaPrimitive', build: (fn) => saga([{ name: 'only', do: work(fn) }]) },
  { type: 'timeout', defaultName: 'TimeoutPrimitive', build: (fn) => timeout(work(fn), { timeoutMs: 60_000 }) },
  {
    type: 'circuit_breaker',
    defaultName: 'CircuitBreakerPrimitive',
    build: (fn) => circuitBreaker(work(fn), { consecutiveFailures: 1_000, openMs: 1_000 }),
  },
  {
    type: 'circuit_breaker',
    defaultName: 'CircuitBreakerPrimitive',
    build: (fn) => {
      const { store } = memoryCircuitStore(systemClock);
      return circuitBreaker(work(fn), { consecutiveFailures: 1_000, openMs: 1_000, store });
    },
  },
  {
    type: 'bulkhead',
    defaultName: 'BulkheadPrimitive',
    build: (fn) => bulkhead(work(fn), { concurrency: 10, maxQueue: 10_000 }),
  },
  {
    type: 'rate_limit',
    defaultName: 'RateLimitPrimitive',
    build: (fn) => rateLimit(work(fn), { permits: 100_000, perMs: 1_000 }),
  },
  {
    type: 'rate_limit',
    defaultName: 'RateLimitPrimitive',
    build: (fn) => {
      const { store } = memoryRateLimitStore(systemClock);
      return rateLimit(work(fn), { algorithm: 'bucket', permits: 100_000, perMs: 1_000, store });
    },
  },
  {
    type: 'hedge',
    defaultName: 'HedgePrimitive',
    build: (fn) => hedge(work(fn), { delayMs: 60_000, when: () => false }),
  },
  {
    type: 'fallback',
    defaultName: 'FallbackPrimitive',
    build: (fn) =>
      fallback(
        task('primary', () => Promise.reject(new Error('primary failed'))),
        [work(fn)],
      ),
  },
  { type: 'cache', defaultName: 'CachePrimitive', build: (fn) => cache(work(fn), { key: () => `${Math.random()}` }) },
  { type: 'with_cost', defaultName: 'WithCostPrimitive', build: (fn) => withoutCost(withCost(work(fn))) },
  {
    type: 'llm',
    defaultName: 'LlmPrimitive',
    leaf: true,
    spanName: 'chat gpt-4',
    build: (fn) => llm(modelOf(fn)),
  },
  {
    type: 'workflow',
    defaultName: 'outer',
    workflow: true,
    spanName: 'invoke_workflow outer',
    build: (fn) => workflow('outer', work(fn)),
  },
  {
    type: 'distribute',
    defaultName: 'work',
    crosses: true,
    build: (fn) => {
      const queue = memoryQueue('work', { maxWaiting: 10_000 });
      const primitives = { work: work(fn) };
      void startWorker({ queue, primitives });
      return distribute('work', primitives.work, { queue });
    },
  },
  { type: 'budget', defaultName: 'BudgetPrimitive', build: (fn) => budget(work(fn), { limitUsd: 1 }) },
  { type: 'switch', defaultName: 'SwitchPrimitive', build: (fn) => switchOn(() => 'only', { only: work(fn) }) },
  {
    type: 'loop',
    defaultName: 'LoopPrimitive',
    build: (fn) => loop(work(fn), { until: () => true, maxIterations: 1 }),
  },
  { type: 'race', defaultName: 'RacePrimitive', build: (fn) => race([work(fn)]) },
  {
    type: 'map',
    defaultName: 'MapPrimitive',
    build: (fn) => {
      const all = map(work(fn));
      return single((items, options) => all.execute(items, options));
    },
  },
  {
    type: 'map',
    defaultName: 'MapPrimitive',
    build: (fn) => {
      const results = map(work(fn), { stream: true });
      return single((items, options) => results.execute(items, options));
    },
  },
  {
    type: 'stream',
    defaultName: 'work',
    leaf: true,
    build: (fn) =>
      readWhole(
        stream('work', async function* (input: string, context) {
          yield await fn(input, context.signal);
        }),
      ),
  },
  {
    type: 'llm',
    defaultName: 'LlmPrimitive',
    leaf: true,
    spanName: 'chat gpt-4',
    build: (fn) =>
      readWhole(
        llmStream({
          ...modelOf(fn),
          async *stream({ messages }, { signal }) {
            yield { text: await fn(messages[0]?.content ?? '', signal) };
            yield { text: ' and more', usage: { inputTokens: 10, outputTokens: 1 } };
          },
        }),
      ),
  },
];
