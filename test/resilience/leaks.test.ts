/** Nothing is left behind: what waits, hangs or loses is gone once its execution is. */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { bulkhead, circuit, circuitBreaker, hedge, type Primitive, rateLimit, task } from '../../src/index.ts';

const collectGarbage = (globalThis as { gc?: () => void }).gc as () => void;

/** Every seventh fails, the rest takes a few turns. */
const work = task('work', async (n: number) => {
  await Promise.resolve();
  if (n % 7 === 0) throw new Error('no luck');
  return n;
});

const shared = circuit({ consecutiveFailures: 2, openMs: 1, maxOpenMs: 4 });
const guards: Readonly<Record<string, Primitive<number, unknown>>> = {
  'circuit breaker': circuitBreaker(work, { failureRatio: 0.9, windowMs: 10, minimumThroughput: 5, openMs: 1 }),
  'circuit breaker by key': circuitBreaker(work, {
    consecutiveFailures: 1,
    openMs: 60_000,
    key: (n) => `key ${n}`,
    maxKeys: 50,
  }),
  'circuit breaker made for each execution': task('anew', (n: number) =>
    circuitBreaker(work, { circuit: shared }).execute(n),
  ),
  bulkhead: bulkhead(work, { concurrency: 5, maxQueue: 50 }),
  'rate limit': rateLimit(work, { algorithm: 'bucket', permits: 100_000, perMs: 1_000, burst: 20, maxQueue: 50 }),
  hedge: hedge(work, { delayMs: 60_000, percentile: 50, maxHedges: 2 }),
};

async function executeMany(primitive: Primitive<number, unknown>, count: number, signal: AbortSignal): Promise<void> {
  for (let n = 0; n < count; n += 100) {
    const leaving = new AbortController();
    const batch = Array.from({ length: 100 }, (_, i) =>
      primitive.execute(n + i, { signal: i % 3 === 0 ? leaving.signal : signal }),
    );
    await Promise.resolve();
    leaving.abort();
    await Promise.allSettled(batch);
  }
}

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 5; i += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

describe('ten thousand executions leave heap, timers and listeners as they were', () => {
  it.each(Object.entries(guards))('%s', async (_, primitive) => {
    const longLived = new AbortController().signal;
    await executeMany(primitive, 2_000, longLived);
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = await heapBytes();
    await executeMany(primitive, 10_000, longLived);
    expect((await heapBytes()) - before).toBeLessThan(600_000);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(timers);
    expect(getEventListeners(longLived, 'abort')).toHaveLength(0);
  });
});
