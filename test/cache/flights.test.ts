import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CacheEntry,
  type CacheOptions,
  type CacheStore,
  cache,
  type Flight,
  type FlightStore,
  llm,
  type Primitive,
  task,
} from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { captureWarnings } from '../support/warnings.ts';

function memoryStore(): CacheStore & { readonly entries: Map<string, CacheEntry> } {
  const entries = new Map<string, CacheEntry>();
  return {
    type: 'memory',
    entries,
    get: async (key) => entries.get(key),
    set: async (key, entry) => entries.set(key, entry),
    delete: async (key) => entries.delete(key),
  };
}

/** A store of flights on the clock of the test. */
function memoryFlights(clock: VirtualClock, options: Partial<FlightStore> = {}) {
  const held = new Map<string, { token: string | undefined; until: number }>();
  const asked: string[] = [];
  const has = ({ key, token }: Flight) => held.get(key)?.token === token;
  const store: FlightStore = {
    async begin({ key, token, leaseMs }, again) {
      asked.push('begin');
      const now = clock.now();
      const other = held.get(key);
      if (other !== undefined && now < other.until && !(again && other.token === undefined))
        return other.token === undefined ? 'done' : 'held';
      held.set(key, { token, until: now + leaseMs });
      return 'taken';
    },
    async renew(flight) {
      asked.push('renew');
      if (has(flight)) held.set(flight.key, { token: flight.token, until: clock.now() + flight.leaseMs });
    },
    async end(flight, isKept) {
      asked.push('end');
      if (!has(flight)) return;
      if (isKept) held.set(flight.key, { token: undefined, until: clock.now() + 5_000 });
      else held.delete(flight.key);
    },
    ...options,
  };
  return { store, asked, held };
}

let tests = 0;

describe('cache with flights', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let name: string;
  let runs: { readonly end: (value: string) => void; readonly fail: (error: Error) => void }[];
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    runs = [];
    tests += 1;
    name = `cached ${tests}`;
    captureWarnings();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const work = task('work', (_: string) => new Promise<string>((end, fail) => runs.push({ end, fail })));
  /** Each is as in a process of its own. */
  const cached = (
    store: CacheStore,
    flights: FlightStore,
    options: Partial<CacheOptions<string>> = {},
    inner: Primitive<string, string> = work,
  ) => cache(inner, { name, key: (input: string) => input, store, flights, ...options });
  const run = (primitive: Primitive<string, string>, signal?: AbortSignal) => {
    const running = primitive.execute('x', { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };
  const lookups = async (hits: number, misses: number) => {
    await telemetry.expectMetric('tta_cache_hits_total', { primitive_name: name }, hits);
    await telemetry.expectMetric('tta_cache_misses_total', { primitive_name: name }, misses);
  };

  it('runs once for processes that ask at the same time', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const all = [0, 1, 2].map(() => cached(store, flights));
    const running = all.flatMap((each) => [run(each), run(each)]);
    await clock.advance(500);
    expect(runs).toHaveLength(1);
    runs[0]?.end('value');
    await clock.advance(500);
    expect(await Promise.all(running)).toEqual(Array(6).fill('value'));
    expect(runs).toHaveLength(1);
    await lookups(5, 1);
  });

  it('counts what the run of another process has saved, for all that wait for it', async () => {
    await loadCatalogue();
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const usage = { inputTokens: 1_000, outputTokens: 1_000 };
    const ask = llm(scriptedModel([{ text: 'paid', usage }], { provider: 'openai', id: 'gpt-4' }));
    const pay = task('pay', async (input: string, context) => {
      const { text } = await ask.execute(input);
      await context.clock.sleep(100);
      return text;
    });
    const [one, two] = [cached(store, flights, {}, pay), cached(store, flights, {}, pay)];
    const first = run(one);
    await settled();
    const others = [run(two), run(two)];
    await clock.advance(1_000);
    expect(await Promise.all([first, ...others])).toEqual(['paid', 'paid', 'paid']);
    await lookups(2, 1);
    await telemetry.expectMetric('tta_llm_cost_total', {}, 0.09);
    await telemetry.expectMetric('tta_cache_saved_dollars_total', { primitive_name: name }, 0.18);
  });

  it('looks again when another process has ended between its look and its question', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow: CacheStore = {
      ...store,
      get: async (key) => {
        const entry = store.entries.get(key);
        await gate;
        return entry ?? undefined;
      },
      timeoutMs: 1e6,
    };
    const late = run(cached(slow, flights));
    const early = run(cached(store, flights));
    await settled();
    runs[0]?.end('value');
    expect(await early).toBe('value');
    open();
    expect(await late).toBe('value');
    expect(runs).toHaveLength(1);
  });

  it('lets another run when a run has failed, and not all of them', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const all = [0, 1, 2].map(() => run(cached(store, flights)));
    await clock.advance(100);
    runs[0]?.fail(new Error('it is down'));
    await expect(all[0]).rejects.toThrow('it is down');
    await clock.advance(500);
    expect(runs).toHaveLength(2);
    runs[1]?.end('value');
    await clock.advance(500);
    expect(await Promise.all(all.slice(1))).toEqual(['value', 'value']);
  });

  it('lets another run when a run has been aborted', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const abort = new AbortController();
    const first = run(cached(store, flights), abort.signal);
    await settled();
    const second = run(cached(store, flights));
    await clock.advance(100);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await clock.advance(500);
    runs[1]?.end('value');
    expect(await second).toBe('value');
  });

  it('lets another run when a process has died, and renews the lease of one that lives', async () => {
    const [store, { store: flights, held, asked }] = [memoryStore(), memoryFlights(clock, { leaseMs: 3_000 })];
    const first = run(cached(store, flights));
    await settled();
    const [key = ''] = held.keys();
    const second = run(cached(store, flights));
    await clock.advance(10_000);
    expect(runs).toHaveLength(1);
    expect(asked.filter((each) => each === 'renew')).toHaveLength(10);
    runs[0]?.end('value');
    await clock.advance(500);
    expect(await Promise.all([first, second])).toEqual(['value', 'value']);
    store.entries.clear();
    held.set(key, { token: 'of the dead', until: clock.now() + 3_000 });
    const third = run(cached(store, flights));
    await clock.advance(2_900);
    expect(runs).toHaveLength(1);
    await clock.advance(500);
    runs[1]?.end('again');
    expect(await third).toBe('again');
  });

  it('waits no longer than maxWaitMs, nor than its caller does', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock, { maxWaitMs: 2_000 })];
    const first = run(cached(store, flights));
    await settled();
    const second = run(cached(store, flights));
    const abort = new AbortController();
    const third = run(cached(store, flights), abort.signal);
    await clock.advance(1_000);
    abort.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    await clock.advance(1_000);
    expect(runs).toHaveLength(2);
    runs[1]?.end('own');
    expect(await second).toBe('own');
    runs[0]?.end('value');
    expect(await first).toBe('value');
  });

  it('waits for one run only where a value was not kept', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const forgetful: CacheStore = { ...store, set: () => {} };
    const [first, ...others] = [0, 1, 2, 3].map(() => run(cached(forgetful, flights)));
    await settled();
    expect(runs).toHaveLength(1);
    runs[0]?.end('one');
    expect(await first).toBe('one');
    await clock.advance(500);
    expect(runs).toHaveLength(4);
    for (const [i, { end }] of runs.slice(1).entries()) end(`own ${i}`);
    expect((await Promise.all(others)).sort()).toEqual(['own 0', 'own 1', 'own 2']);
    await lookups(0, 4);
  });

  it('replaces a stale value in one process only', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const lives = { ttlMs: 1_000, staleMs: 60_000 };
    const all = [0, 1, 2].map(() => cached(store, flights, lives));
    const first = run(all[0] as Primitive<string, string>);
    await settled();
    runs[0]?.end('old');
    await first;
    await clock.advance(6_000);
    expect(await Promise.all(all.map((each) => run(each)))).toEqual(['old', 'old', 'old']);
    await clock.advance(500);
    expect(runs).toHaveLength(2);
    runs[1]?.end('new');
    await clock.advance(500);
    expect(await Promise.all(all.map((each) => run(each)))).toEqual(['new', 'new', 'new']);
    expect(runs).toHaveLength(2);
  });

  it('does not wait for itself', async () => {
    const [store, { store: flights }] = [memoryStore(), memoryFlights(clock)];
    const inner = cached(store, flights);
    const outer = cached(store, flights, {}, inner);
    const running = run(outer);
    await settled();
    runs[0]?.end('value');
    expect(await running).toBe('value');
  });

  it('runs by itself while the store of the flights fails or hangs, and a metric says so', async () => {
    const labels = { primitive_type: 'cache', primitive_name: name };
    const away = () => Promise.reject(new Error('away'));
    const failing = run(cached(memoryStore(), { begin: away, renew: away, end: away }));
    await settled();
    runs[0]?.end('value');
    expect(await failing).toBe('value');
    await telemetry.expectMetric('tta_shared_state_local', labels, 1);
    const never = () => new Promise<never>(() => {});
    const hung = run(cached(memoryStore(), { timeoutMs: 50, begin: never, renew: never, end: never }));
    await clock.advance(50);
    runs[1]?.end('value');
    expect(await hung).toBe('value');
  });

  it('has told the others when it gives its value: its process may end then', async () => {
    const { store: flights } = memoryFlights(clock);
    let hasTold = false;
    const slow: FlightStore = {
      ...flights,
      end: async (flight, isKept) => {
        await clock.sleep(100);
        await flights.end(flight, isKept);
        hasTold = true;
      },
    };
    const told = run(cached(memoryStore(), slow)).then(() => hasTold);
    await settled();
    runs[0]?.end('value');
    await clock.advance(200);
    expect(await told).toBe(true);
  });

  it('gives a key free that it got after its caller had left', async () => {
    const { store: flights, asked } = memoryFlights(clock);
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const late: FlightStore = { ...flights, begin: (flight, again) => gate.then(() => flights.begin(flight, again)) };
    const abort = new AbortController();
    const running = run(cached(memoryStore(), late), abort.signal);
    await settled();
    abort.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    open();
    await settled();
    expect(asked).toEqual(['begin', 'end']);
  });

  it('is refused without a store', () => {
    const { store: flights } = memoryFlights(clock);
    expect(() => cache(work, { key: String, flights })).toThrow('flights is of use only together with store');
  });
});
