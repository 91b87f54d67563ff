/**
 * An answer of a hedge waited for what `when` said of another try; a second failure meanwhile was not asked about. A
 * circuit breaker whose `when` gave a promise that rejects ended the process. An asynchronous codec was an error.
 */
import { afterEach, expect, it } from 'vitest';
import { cache, circuit, circuitBreaker, hedge, keyvStore, task } from '../../src/index.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
process.on('unhandledRejection', onUnhandled);
afterEach(() => unhandled.splice(0));

it('hedge answers though when never settles', async () => {
  let calls = 0;
  const work = task('work', async () => {
    calls += 1;
    if (calls === 1) throw new Error('first');
    return 'answer';
  });
  const patient = hedge(work, { delayMs: 0, when: () => new Promise<boolean>(() => {}) });
  expect(await patient.execute()).toBe('answer');
});

it('hedge asks when about every failure, also about those that come while it is asked', async () => {
  const clock = createVirtualClock();
  const asked: unknown[] = [];
  let calls = 0;
  const work = task('work', async (_: void, context) => {
    calls += 1;
    const delayMs = calls === 1 ? 10 : 20;
    const error = new Error(`e${calls}`);
    await context.clock.sleep(delayMs, context.signal);
    throw error;
  });
  const when = async (error: unknown) => {
    asked.push((error as Error).message);
    await clock.sleep(100);
    return true;
  };
  const running = hedge(work, { delayMs: 0, maxHedges: 2, when })
    .execute(undefined, { context: { clock } })
    .catch((error: Error) => error.message);
  for (let i = 0; i < 10; i += 1) await clock.advance(100);
  expect(await running).toBe('e3');
  expect(asked).toEqual(['e1', 'e2']);
});

it('a circuit breaker keeps the error of the work as the cause, and leaves no rejection unhandled', async () => {
  const error = new Error('down');
  const guarded = circuitBreaker(
    task('down', () => Promise.reject(error)),
    { consecutiveFailures: 5, openMs: 10, when: (async () => Promise.reject(new Error('when broke'))) as never },
  );
  await expect(guarded.execute()).rejects.toMatchObject({ name: 'TypeError', cause: error });
  await settled();
  expect(unhandled).toEqual([]);
});

it('a circuit breaker takes an option that is undefined for one that is left out', async () => {
  const work = task('work', () => 'done');
  const rules = { consecutiveFailures: 1, openMs: 1 };
  expect(await circuitBreaker(work, { ...rules, circuit: undefined } as never).execute()).toBe('done');
  const shared = circuit(rules);
  expect(await circuitBreaker(work, { circuit: shared, key: undefined } as never).execute()).toBe('done');
  expect(() => circuitBreaker(work, { circuit: undefined } as never)).toThrow('CircuitBreakerOptions: openMs must be');
});

it('a codec may write and read asynchronously', async () => {
  const kept = new Map<string, unknown>();
  const keyv = {
    get: async (key: string) => kept.get(key),
    set: async (key: string, value: unknown) => kept.set(key, value) !== undefined,
    delete: async (key: string) => kept.delete(key),
  };
  const codec = {
    encode: async (value: unknown) => JSON.stringify(value),
    decode: async (text: string) => JSON.parse(text) as unknown,
  };
  let runs = 0;
  const work = task('work', (n: number) => {
    runs += 1;
    return { n };
  });
  const cached = cache(work, { key: String, store: keyvStore(keyv, { codec }) });
  expect([await cached.execute(1), await cached.execute(1), runs]).toEqual([{ n: 1 }, { n: 1 }, 1]);
});
