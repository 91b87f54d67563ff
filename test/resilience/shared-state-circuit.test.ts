import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CircuitBreakerOptions,
  type CircuitStore,
  circuitBreaker,
  type Primitive,
  task,
} from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { memoryCircuitStore } from '../support/memory-circuit-store.ts';
import { captureWarnings } from '../support/warnings.ts';

type Guarded = Primitive<Say, string>;
type Say = 'good' | 'bad' | PromiseLike<'good' | 'bad'>;

let tests = 0;

describe('circuitBreaker with a store', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let calls: number;
  let name: string;
  const work = task('work', async (say: Say) => {
    calls += 1;
    if ((await say) === 'bad') throw new Error('it is down');
    return 'ok';
  });
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    calls = 0;
    tests += 1;
    name = `guard ${tests}`;
    captureWarnings();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const guard = (store: CircuitStore, options: Partial<CircuitBreakerOptions<Say>> = {}) =>
    circuitBreaker(work, { name, consecutiveFailures: 2, openMs: 1_000, store, ...options } as never) as Primitive<
      Say,
      string
    >;
  const run = (primitive: Guarded, say: Say, signal?: AbortSignal) => {
    const running = primitive.execute(say, { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };
  /** The first execution after a change looks, and does not wait for the answer. */
  const learns = async (primitive: Guarded) => {
    await run(primitive, 'good').catch(() => {});
    await settled();
  };
  const fail = async (primitive: Guarded, times: number) => {
    for (let i = 0; i < times; i++) await expect(run(primitive, 'bad')).rejects.toThrow('it is down');
    await settled();
  };
  const refuses = (primitive: Guarded, state: 'open' | 'half-open') =>
    expect(run(primitive, 'good')).rejects.toThrow(`${name} is ${state}`);

  it('opens in all processes when one has had its failures, and closes in all after one probe', async () => {
    const { store } = memoryCircuitStore(clock, { hears: true });
    const [one, two] = [guard(store), guard(store)];
    await run(two, 'good');
    await fail(one, 2);
    await refuses(one, 'open');
    await learns(two);
    await refuses(two, 'open');
    await clock.advance(1_000);
    expect(await run(two, 'good')).toBe('ok');
    await learns(one);
    expect(await run(one, 'good')).toBe('ok');
    await telemetry.expectMetric('tta_circuit_breaker_state', { primitive_name: name }, 0);
  });

  it('finds what others have done when it looks', async () => {
    const { store } = memoryCircuitStore(clock);
    const [one, two] = [guard(store, { openMs: 5_000 }), guard(store, { openMs: 5_000 })];
    await run(two, 'good');
    await fail(one, 2);
    await run(two, 'good');
    await clock.advance(1_000);
    await learns(two);
    await refuses(two, 'open');
  });

  it('asks nothing for the calls of a closed circuit but a look now and then', async () => {
    const { store, asked } = memoryCircuitStore(clock);
    const one = guard(store);
    for (let i = 0; i < 100; i++) await run(one, 'good');
    expect(asked.map(({ step }) => step)).toEqual(['look']);
    await clock.advance(1_000);
    for (let i = 0; i < 100; i++) await run(one, 'good');
    expect(asked.map(({ step }) => step)).toEqual(['look', 'look']);
  });

  it('learns before its first call what others have found', async () => {
    const { store } = memoryCircuitStore(clock);
    await fail(guard(store), 2);
    await refuses(guard(store), 'open');
    expect(calls).toBe(2);
  });

  it('counts probes over all processes', async () => {
    const { store } = memoryCircuitStore(clock, { hears: true });
    const all = [0, 1, 2].map(() => guard(store, { halfOpenProbes: 2 }));
    const [one, two, three] = all as [Guarded, Guarded, Guarded];
    for (const each of all) await run(each, 'good');
    await fail(one, 2);
    for (const each of [two, three]) await learns(each);
    await clock.advance(1_000);
    calls = 0;
    let end = (_: 'good' | 'bad') => {};
    const slow = new Promise<'good' | 'bad'>((resolve) => {
      end = resolve;
    });
    const probes = all.map((each) => run(each, slow));
    await settled();
    expect(calls).toBe(2);
    await expect(probes[2]).rejects.toMatchObject({ name: 'CircuitOpenError' });
    end('good');
    await Promise.all(probes.slice(0, 2));
    await learns(three);
    for (const each of all) expect(await run(each, 'good')).toBe('ok');
  });

  it('opens again in all when one probe has failed', async () => {
    const { store } = memoryCircuitStore(clock, { hears: true });
    const [one, two] = [guard(store), guard(store)];
    await run(two, 'good');
    await fail(one, 2);
    await clock.advance(1_000);
    await fail(one, 1);
    await learns(two);
    await refuses(two, 'open');
    await refuses(one, 'open');
  });

  it('gives the place of a probe back whose caller has left', async () => {
    const { store, asked } = memoryCircuitStore(clock);
    const one = guard(store);
    await fail(one, 2);
    await clock.advance(1_000);
    const abort = new AbortController();
    const probe = run(one, new Promise(() => {}), abort.signal);
    await settled();
    await refuses(one, 'half-open');
    abort.abort(new Error('enough'));
    await expect(probe).rejects.toThrow('enough');
    await settled();
    expect(asked.at(-1)?.step).toBe('unknown');
    await clock.advance(100);
    expect(await run(one, 'good')).toBe('ok');
  });

  it('ends every probe that was admitted, whatever becomes of it, and closes in the end', {
    timeout: 60_000,
  }, async () => {
    const move = fc.record({
      process: fc.nat(2),
      ms: fc.nat(300),
      takesMs: fc.nat(200),
      isBad: fc.boolean(),
      isLeft: fc.boolean(),
    });
    const inner = task('inner', async ({ takesMs, isBad }: { takesMs: number; isBad: boolean }, context) => {
      if (takesMs > 0) await context.clock.sleep(takesMs, context.signal);
      if (isBad) throw new Error('it is down');
    });
    const good = { takesMs: 0, isBad: false };
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (moves, probes, hears) => {
          const memory = memoryCircuitStore(clock, { hears });
          let running = 0;
          const store: CircuitStore = {
            ...memory.store,
            async step(request) {
              const answer = await memory.store.step(request);
              if (answer.admitted && answer.state === 'half_open') running += 1;
              if (['succeeded', 'failed', 'unknown'].includes(request.step)) running -= 1;
              return answer;
            },
          };
          tests += 1;
          const options = {
            name: `random ${tests}`,
            consecutiveFailures: 2,
            openMs: 500,
            halfOpenProbes: probes,
            store,
          };
          const all = [0, 1, 2].map(() => circuitBreaker(inner, options));
          for (const { process, ms, takesMs, isBad, isLeft } of moves) {
            await clock.advance(ms);
            const abort = new AbortController();
            all[process]?.execute({ takesMs, isBad }, { context: { clock }, signal: abort.signal }).catch(() => {});
            if (isLeft) clock.after(takesMs / 2, () => abort.abort());
          }
          await clock.advance(5_000);
          expect(running).toBe(0);
          for (let i = 0; i < 10; i++) {
            for (const each of all) await each.execute(good, { context: { clock } }).catch(() => {});
            await clock.advance(1_000);
          }
          for (const each of all) await each.execute(good, { context: { clock } });
          await settled();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('ignores a late result of an earlier epoch', async () => {
    const { store } = memoryCircuitStore(clock);
    const one = guard(store);
    let end = (_: 'good' | 'bad') => {};
    const late = run(one, new Promise((resolve) => (end = resolve)));
    await settled();
    await fail(one, 2);
    await clock.advance(1_000);
    await run(one, 'good');
    await settled();
    end('bad');
    await expect(late).rejects.toThrow('it is down');
    await fail(one, 1);
    expect(await run(one, 'good')).toBe('ok');
  });

  it('opens and closes its own circuit while the store fails, and a metric says so', async () => {
    let isAway = true;
    const { store } = memoryCircuitStore(clock);
    const failing: CircuitStore = {
      step: (request) => (isAway ? Promise.reject(new Error('away')) : store.step(request)),
    };
    const one = guard(failing);
    const labels = { primitive_type: 'circuit_breaker', primitive_name: name };
    await fail(one, 2);
    await refuses(one, 'open');
    await telemetry.expectMetric('tta_shared_state_local', labels, 1);
    await telemetry.expectMetric('tta_circuit_breaker_state', { primitive_name: name }, 2);
    await clock.advance(1_000);
    expect(await run(one, 'good')).toBe('ok');
    await telemetry.expectMetric('tta_circuit_breaker_state', { primitive_name: name }, 0);
    isAway = false;
    await clock.advance(2_000);
    await run(one, 'good');
    await settled();
    await telemetry.expectMetric('tta_shared_state_local', labels, 0);
  });

  it('looks again soon after a look that has failed, however rarely it looks', async () => {
    let isAway = true;
    const { store } = memoryCircuitStore(clock);
    const rare: CircuitStore = {
      lookMs: 30_000,
      step: (request) => (isAway ? Promise.reject(new Error('away')) : store.step(request)),
    };
    const one = guard(rare);
    await learns(one);
    isAway = false;
    await clock.advance(500);
    await fail(guard(store), 2);
    expect(await run(one, 'good')).toBe('ok');
    await clock.advance(500);
    await learns(one);
    await refuses(one, 'open');
  });

  it('tries by itself when the store fails while the shared circuit is open', async () => {
    let isAway = false;
    const { store } = memoryCircuitStore(clock);
    const one = guard({ step: (request) => (isAway ? Promise.reject(new Error('away')) : store.step(request)) });
    await fail(one, 2);
    isAway = true;
    await clock.advance(1_000);
    expect(await run(one, 'good')).toBe('ok');
    expect(await run(one, 'good')).toBe('ok');
  });

  it('waits for a store that does not answer no longer than its time limit', async () => {
    const one = guard({ timeoutMs: 50, step: () => new Promise(() => {}) });
    const first = run(one, 'good');
    await clock.advance(50);
    expect(await first).toBe('ok');
    expect(await run(one, 'good')).toBe('ok');
    await clock.advance(1_000);
    expect(await run(one, 'good')).toBe('ok');
    await clock.advance(50);
  });

  it.each([
    ['nothing', undefined],
    ['an unknown state', { state: 'ajar', epoch: 1, leftMs: 0, openings: 0, admitted: true }],
    ['no numbers', { state: 'open', epoch: 1, leftMs: Number.NaN, openings: 0, admitted: true }],
  ])('counts a store that answers %s as failed', async (_, answer) => {
    expect(await run(guard({ step: () => answer } as unknown as CircuitStore), 'good')).toBe('ok');
    await telemetry.expectMetric('tta_shared_state_errors_total', { primitive_name: name }, 1);
  });

  it('keeps circuits of different keys and rules apart', async () => {
    const { store, asked } = memoryCircuitStore(clock);
    const keyed = circuitBreaker(
      task('work', (key: string) => key),
      {
        ...{ name: 'k', consecutiveFailures: 2, openMs: 1_000, store, key: (key: string) => key },
      },
    );
    for (const key of ['x', 'y', 'x'.repeat(1_000)]) await keyed.execute(key, { context: { clock } });
    await run(guard(store, { openMs: 2_000 } as never), 'good');
    await run(guard(store), 'good');
    const circuits = new Set(asked.map(({ circuit }) => circuit));
    expect(circuits.size).toBe(5);
    for (const circuit of circuits) expect(circuit.length).toBeLessThan(600);
  });
});
