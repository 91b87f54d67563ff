/** What errors call a primitive: its name, and without one what it is around. Telemetry keeps the class name. */
import { expect, it } from 'vitest';
import {
  bulkhead,
  circuit,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  loop,
  parallel,
  race,
  rateLimit,
  retry,
  router,
  saga,
  sequential,
  switchOn,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';

const ask = task('ask', (text: string) => text);
const deaf = task('ask', () => new Promise<string>(() => {}));
const broken = task('ask', (_: string): Promise<string> => Promise.reject(new Error('down')));
const isolated = circuit({ consecutiveFailures: 1, openMs: 1 });
isolated.isolate();

async function messageOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not fail');
}

it.each<[string, () => Promise<unknown>]>([
  ['circuitBreaker around ask is isolated', () => circuitBreaker(ask, { circuit: isolated }).execute('a')],
  [
    'rateLimit around ask refused work of 2 permits',
    () => rateLimit(ask, { permits: 1, perMs: 1, weight: () => 2 }).execute('a'),
  ],
  ['loop around ask: until did not hold', () => loop(ask, { until: () => false, maxIterations: 1 }).execute('a')],
  ['race: all 2 branches failed: ask: ', () => race([broken, broken]).execute('a')],
  ['router has no route', () => router((): string => 'b', { a: ask } as Record<string, typeof ask>).execute('a')],
  ['switchOn has no case', () => switchOn((text: string) => text as 'b', { b: ask }).execute('a')],
  [
    'saga failed, and so did 1 of its 1 compensations',
    () =>
      saga([
        { name: 'one', do: ask, compensate: broken as never },
        { name: 'two', do: broken },
      ]).execute('a'),
  ],
])('%s', async (message, run) => {
  expect(await messageOf(run())).toContain(message);
});

it('is the name where there is one', async () => {
  const named = circuitBreaker(ask, { circuit: isolated, name: 'provider' });
  expect(await messageOf(named.execute('a'))).toMatch(/^provider is isolated/);
});

it('names what is inside of what has no name either, down to what has one', async () => {
  const inside = [
    [retry(ask), 'retry around ask'],
    [hedge(retry(ask), { delayMs: 1 }), 'hedge around retry around ask'],
    [fallback(ask, [ask]), 'fallback around ask'],
    [retry(ask, { name: 'again' }), 'again'],
    [workflow('all', sequential(ask, ask)), 'all'],
    [sequential(ask, ask), 'sequential'],
    [parallel([ask, ask]), 'parallel'],
    [conditional(() => true, ask), 'conditional'],
  ] as const;
  const clock = createVirtualClock();
  for (const [inner, called] of inside) {
    const guarded = circuitBreaker(inner as typeof ask, { circuit: isolated });
    expect(await messageOf(guarded.execute('a', { context: { clock } }))).toContain(
      `circuitBreaker around ${called} is`,
    );
  }
});

it('stays the class name in telemetry', () => {
  expect(retry(ask).name).toBe('RetryPrimitive');
  expect(circuitBreaker(ask, { circuit: isolated }).name).toBe('CircuitBreakerPrimitive');
  expect(rateLimit(ask, { permits: 1, perMs: 1 }).name).toBe('RateLimitPrimitive');
});

it('names the policy that gave up, not the work that it gave up on', async () => {
  const clock = createVirtualClock();
  const running = messageOf(timeout(deaf, { timeoutMs: 30_000 }).execute('a' as never, { context: { clock } }));
  const all = messageOf(retry(deaf, { deadlineMs: 30_000 }).execute('a' as never, { context: { clock } }));
  const narrow = bulkhead(deaf, { concurrency: 1 });
  narrow.execute('a' as never).catch(() => {});
  await settled();
  await clock.advance(30_000);
  expect(await running).toBe('timeout around ask did not finish within 30000 ms');
  expect(await all).toBe('retry around ask did not finish within 30000 ms');
  expect(await messageOf(narrow.execute('a' as never))).toMatch(/^bulkhead around ask is full/);
});
