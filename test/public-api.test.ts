/** What is public, by name. A new name is added here. A name that is removed breaks the programs that use it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';

const PUBLIC: Readonly<Record<string, readonly string[]>> = {
  '.': [
    'BudgetExceededError',
    'BulkheadFullError',
    'CacheCycleError',
    'CircuitOpenError',
    'CompensationError',
    'LoopLimitError',
    'ModelReplyError',
    'NoCaseError',
    'NoRouteError',
    'PrimitiveTimeoutError',
    'REFERENCE_PRICES',
    'RaceError',
    'RateLimitError',
    'aiSdkTelemetry',
    'budget',
    'bulkhead',
    'cache',
    'circuit',
    'circuitBreaker',
    'conditional',
    'doNotRetry',
    'extract',
    'fallback',
    'hedge',
    'inject',
    'keyvStore',
    'llm',
    'llmStream',
    'loop',
    'map',
    'observeBedrock',
    'observeFetch',
    'observeModelCalls',
    'memoryBudgetStore',
    'openAICompatible',
    'parallel',
    'race',
    'rateLimit',
    'redisBudgetStore',
    'redisCircuitStore',
    'redisFlightStore',
    'redisRateLimitStore',
    'retry',
    'retryBudget',
    'router',
    'saga',
    'sequential',
    'stream',
    'switchOn',
    'task',
    'timeout',
    'uncounted',
    'withContext',
    'withCost',
    'workflow',
  ],
  './register': [],
  './sdk': ['register'],
  './testing': ['createVirtualClock', 'scriptedModel', 'scriptedTask', 'settled', 'spanTree', 'startTestTelemetry'],
  './prometheus': ['PrometheusExporter'],
  './queue': [
    'CallerAwayError',
    'bullmqQueue',
    'JobDeadError',
    'JobLostError',
    'PayloadTooLargeError',
    'QueueAwayError',
    'QueueFullError',
    'StreamNotDistributableError',
    'UnreadableReplyError',
    'devalueCodec',
    'distribute',
    'jsonCodec',
    'memoryQueue',
    'natsQueue',
    'startWorker',
  ],
  './views': ['schema', 'ttaViews'],
};

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const root = new URL('../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;

/** The source that a built entry was compiled from. */
function sourceOf(built: string): string {
  return fileURLToPath(new URL(built.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts'), root));
}

it('has exactly the entries that package.json names', () => {
  expect([...Object.keys(PUBLIC), './package.json'].sort()).toEqual(Object.keys(manifest.exports).sort());
});

it.each(Object.entries(PUBLIC))('exports exactly these names from %s', async (entry, names) => {
  // Loading ./register registers: here it is to start no server.
  vi.stubEnv('OTEL_SDK_DISABLED', 'true');
  const target = manifest.exports[entry];
  if (typeof target !== 'object') throw new Error(`package.json has no entry ${entry} with a default`);
  expect(Object.keys(await import(sourceOf(target.default))).sort()).toEqual([...names].sort());
});
