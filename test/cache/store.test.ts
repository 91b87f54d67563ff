import { createHash } from 'node:crypto';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CacheEntry, type CacheOptions, type CacheStore, cache, keyvStore, task } from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

const key = (input: string) => input;
const never = () => new Promise<never>(() => {});

/** A store in this process that a test can make ail. */
function mapStore(ailing: { answer?: (() => unknown) | undefined } = {}) {
  const entries = new Map<string, CacheEntry>();
  const asked: string[] = [];
  const answer = <T>(operation: string, healthy: () => T): T => {
    asked.push(operation);
    return ailing.answer === undefined ? healthy() : (ailing.answer() as T);
  };
  const store: CacheStore = {
    type: 'map',
    get: (name) => answer('get', () => entries.get(name)),
    set: (name, entry, lifetimeMs) =>
      answer(`set ${lifetimeMs}`, () => {
        entries.set(name, entry);
      }),
    delete: (name) => answer('delete', () => entries.delete(name)),
  };
  return { store, entries, asked, ailing };
}

describe('cache with a store', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
  });
  afterEach(async () => {
    const { samples } = await telemetry.scrape();
    await telemetry.stop();
    expect(clock.pending).toBe(0);
    expect(samples.filter(({ name, value }) => name === 'tta_primitive_active' && value !== 0)).toEqual([]);
  });

  const counting = () => {
    let runs = 0;
    return task('inner', (input: string) => `${input} ${++runs}`);
  };
  const build = (store: CacheStore, options: Partial<CacheOptions<string>> = {}) => {
    const cached = cache(counting(), { key, store, ...options });
    return (input = 'a', signal?: AbortSignal) => cached.execute(input, { context: { clock }, signal });
  };
  const errorsOf = (operation: string, reason: string, value: number) =>
    telemetry.expectMetric('tta_cache_store_errors_total', { cache_type: 'map', operation, reason }, value);
  const expectLookups = async (hits: number, misses: number) => {
    await telemetry.expectMetric('tta_cache_hits_total', { cache_type: 'map' }, hits);
    await telemetry.expectMetric('tta_cache_misses_total', { cache_type: 'map' }, misses);
  };

  it('shows everything that can go wrong at 0 before it does', async () => {
    build(mapStore().store, { name: 'zeros' });
    const { samples } = await telemetry.scrape();
    const zeros = samples.filter(
      ({ name, labels }) => name.endsWith('store_errors_total') && labels.primitive_name === 'zeros',
    );
    expect(zeros.map(({ labels, value }) => `${labels.operation} ${labels.reason} ${value}`).sort()).toEqual([
      'delete failed 0',
      'delete skipped 0',
      'delete timeout 0',
      'get corrupt 0',
      'get failed 0',
      'get skipped 0',
      'get timeout 0',
      'set failed 0',
      'set skipped 0',
      'set timeout 0',
    ]);
  });

  it('has the store keep a value for as long as it may be answered with', async () => {
    const { store, asked, entries } = mapStore();
    await build(store)();
    await build(store, { version: '2', ttlMs: 1_000.5 })();
    await build(store, { version: '3', ttlMs: 1_000, staleMs: 500 })();
    await build(store, { version: '4', ttlMs: 0 })();
    expect(asked).toEqual(['get', 'set undefined', 'get', 'set 1001', 'get', 'set 1500', 'get']);
    expect([...entries.values()].map(({ freshUntil }) => freshUntil)).toEqual([
      null,
      clock.now() + 1_000.5,
      clock.now() + 1_000,
    ]);
  });

  it('does not answer with a value whose time is over, though the store still has it', async () => {
    const ask = build(mapStore().store, { ttlMs: 1_000, staleMs: 500 });
    expect(await ask()).toBe('a 1');
    await clock.advance(999);
    expect(await ask()).toBe('a 1');
    await clock.advance(501);
    expect(await ask()).toBe('a 2');
    await expectLookups(1, 2);
  });

  it('answers with a stale value from the store and refreshes it once, for many who ask', async () => {
    const { store } = mapStore();
    const inner = scriptedTask<string, string>('inner', [{ result: 'old' }, { result: 'new', delayMs: 50 }]);
    const cached = cache(inner, { key, store, ttlMs: 1_000, staleMs: 60_000 });
    const ask = () => cached.execute('x', { context: { clock } });
    await ask();
    await clock.advance(1_000);
    for (let i = 0; i < 5; i++) {
      expect(new Set(await Promise.all([ask(), ask(), ask()]))).toEqual(new Set(['old']));
    }
    expect(inner.calls).toHaveLength(2);
    await clock.advance(50);
    expect(await ask()).toBe('new');
    await expectLookups(16, 1);
  });

  it('waits for a store that hangs 200 ms each time, three times, then asks once a second', async () => {
    const { store, asked, ailing } = mapStore({ answer: never });
    const ask = build(store);
    const first = ask();
    await clock.advance(199);
    expect(asked).toEqual(['get']);
    await clock.advance(1);
    expect(asked).toEqual(['get', 'set undefined']);
    await clock.advance(200);
    expect(await first).toBe('a 1');
    const second = ask();
    await clock.advance(200);
    expect(await second).toBe('a 2');
    for (let run = 3; run < 100; run++) expect(await ask()).toBe(`a ${run}`);
    expect(asked).toHaveLength(3);
    await clock.advance(1_000);
    const all = Promise.all(Array.from({ length: 50 }, (_, i) => ask(`${i}`)));
    await clock.advance(200);
    expect(await all).toHaveLength(50);
    expect(asked).toHaveLength(4);
    await errorsOf('get', 'timeout', 3);
    await errorsOf('set', 'timeout', 1);
    // 97 runs and 50 runs asked for nothing but one get, and one run had its set left out.
    await errorsOf('get', 'skipped', 97 + 49);
    await errorsOf('set', 'skipped', 1 + 97 + 50);
    ailing.answer = undefined;
    await clock.advance(1_000);
    await ask('kept');
    expect(await ask('kept')).toBe(await ask('kept'));
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'cache', status: 'failure' }, 0);
  });

  it('counts the failures of a Keyv whose adapter rejects, and then asks it once a second', async () => {
    const asked: string[] = [];
    const rejects = (operation: string) => async () => {
      asked.push(operation);
      throw new Error('connect ECONNREFUSED');
    };
    const adapter = { get: rejects('get'), set: rejects('set'), delete: rejects('delete'), clear: async () => {} };
    const keyv = new Keyv({ store: adapter as never });
    const ask = build(keyvStore(keyv, { type: 'map' }));
    for (let run = 1; run <= 10; run++) expect(await ask()).toBe(`a ${run}`);
    expect(asked).toEqual(['get', 'set', 'get']);
    await errorsOf('get', 'failed', 2);
    await errorsOf('set', 'failed', 1);
    await errorsOf('get', 'skipped', 8);
    // The user's own calls are as they were.
    expect(await keyv.get('x')).toBeUndefined();
    expect(keyv.throwOnErrors).toBe(false);
  });

  it('asks a store that takes values but gives none once a second', async () => {
    const asked: string[] = [];
    const store = {
      type: 'map',
      get: async () => {
        asked.push('get');
        throw new Error('no replica');
      },
      set: async () => void asked.push('set'),
      delete: async () => {},
    };
    const ask = build(store);
    for (let run = 1; run <= 10; run++) expect(await ask()).toBe(`a ${run}`);
    expect(asked).toEqual(['get', 'set', 'get', 'set', 'get']);
  });

  it('reads, writes and deletes by a Keyv as before, also by one with private fields', async () => {
    class Private {
      readonly #kept = new Map<string, unknown>();
      get throwOnErrors() {
        return this.#kept.has('throw');
      }
      get = async (name: string) => this.#kept.get(name);
      set = async (name: string, value: unknown) => Boolean(this.#kept.set(name, value));
      async delete(name: string) {
        return this.#kept.delete(name);
      }
    }
    for (const keyv of [new Keyv(), new Private()]) {
      const store = keyvStore(keyv, { type: 'map' });
      expect(await build(store)()).toBe('a 1');
      expect(await build(store)()).toBe('a 1');
      await store.delete('inner@1:a');
      expect(await store.get('inner@1:a')).toBeUndefined();
    }
    await telemetry.expectMetric('tta_cache_store_errors_total', {}, 0);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects with nothing', () => Promise.reject(undefined)],
  ])('runs the primitive when the store %s', async (_, answer) => {
    const ask = build(mapStore({ answer }).store);
    expect(await ask()).toBe('a 1');
    expect(await ask()).toBe('a 2');
    await errorsOf('get', 'failed', 2);
    await errorsOf('set', 'failed', 1);
    await errorsOf('set', 'skipped', 1);
    await expectLookups(0, 2);
  });

  it('tells the failure on the span of the lookup', async () => {
    await build(mapStore({ answer: () => Promise.reject(new TypeError('broken')) }).store)();
    const lookup = telemetry.spans().find(({ name }) => name === 'cache CachePrimitive');
    expect(lookup?.events[0]).toMatchObject({
      name: 'tta.cache.store_error',
      attributes: {
        'tta.cache.store.operation': 'get',
        'tta.cache.store.error_reason': 'failed',
        'error.type': 'TypeError',
        'exception.message': 'broken',
      },
    });
    expect(lookup?.attributes['tta.cache.result']).toBe('miss');
  });

  it.each([['text'], [5], [[]], [{ value: 1 }], [{ value: 1, freshUntil: 'soon' }]])(
    'drops and writes again what is not an entry, such as %j',
    async (garbage) => {
      const { store, entries, asked } = mapStore();
      entries.set('inner@1:a', garbage as never);
      const ask = build(store);
      expect(await ask()).toBe('a 1');
      expect(await ask()).toBe('a 1');
      expect(asked).toEqual(['get', 'delete', 'set undefined', 'get']);
      await errorsOf('get', 'corrupt', 1);
      await expectLookups(1, 1);
    },
  );

  it('goes on asking a store that holds a lot that cannot be read', async () => {
    const { store, asked } = mapStore({ answer: () => 'garbage' });
    const ask = build(store);
    for (let run = 1; run <= 20; run++) expect(await ask()).toBe(`a ${run}`);
    expect(asked.filter((operation) => operation === 'get')).toHaveLength(20);
    await errorsOf('get', 'corrupt', 20);
  });

  it('takes a store that comes back with something unreadable for one that answers', async () => {
    const { store, asked, ailing } = mapStore({ answer: () => Promise.reject(new Error('broken')) });
    const ask = build(store);
    for (let run = 1; run <= 3; run++) await ask();
    ailing.answer = () => 'garbage';
    await clock.advance(1_000);
    asked.length = 0;
    await ask();
    expect(asked).toEqual(['get', 'delete', 'set undefined']);
  });

  it('writes nothing to the span of a caller who has left', async () => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    diag.setLogger({ error: warn, warn, info: warn, debug: warn, verbose: warn }, DiagLogLevel.WARN);
    const ask = build(mapStore({ answer: never }).store);
    const controller = new AbortController();
    const left = ask('a', controller.signal);
    const other = ask();
    await settled();
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await clock.advance(400);
    expect(await other).toBe('a 1');
    diag.disable();
    expect(warnings).toEqual([]);
    await errorsOf('get', 'timeout', 1);
    await expectLookups(1, 1);
  });

  it('runs the primitive in the context and below the span of the lookup that missed', async () => {
    const seen: unknown[] = [];
    const inner = task('inner', (_: string, context) => {
      seen.push(context.tags);
    });
    const cached = cache(inner, { key, store: mapStore({ answer: () => settled() }).store });
    const callers = Array.from({ length: 20 }, (_, caller) => caller);
    await Promise.all(callers.map((caller) => cached.execute(`${caller}`, { context: { clock, tags: { caller } } })));
    expect(seen).toEqual(callers.map((caller) => ({ caller })));
    telemetry.expectSpans(callers.map(() => 'cache CachePrimitive\n  task inner').join('\n'));
  });

  it('takes null for nothing', async () => {
    expect(await build(mapStore({ answer: () => null }).store)()).toBe('a 1');
    await errorsOf('get', 'corrupt', 0);
  });

  it('leaves in the tick of the abort while the store is asked, and fails no other execution', async () => {
    let tell = (_: undefined) => {};
    const { store, asked } = mapStore({
      answer: () =>
        new Promise<undefined>((resolve) => {
          tell = resolve;
        }),
    });
    const ask = build(store);
    const controller = new AbortController();
    const reason = new Error('left');
    let rejected: unknown;
    ask('a', controller.signal).catch((error: unknown) => {
      rejected = error;
    });
    const other = ask();
    await settled();
    controller.abort(reason);
    for (let i = 0; i < 20; i++) await Promise.resolve();
    expect(rejected).toBe(reason);
    tell(undefined);
    await settled();
    tell(undefined);
    expect(await other).toBe('a 1');
    expect(asked).toEqual(['get', 'set undefined']);
    await expectLookups(1, 1);
  });

  it('does not run the primitive when all have left while the store was asked', async () => {
    const ask = build(mapStore({ answer: never }).store);
    const controller = new AbortController();
    const both = [ask('a', controller.signal), ask('a', controller.signal)];
    await settled();
    controller.abort(new Error('left'));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await settled();
    expect(clock.pending).toBe(0);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'task' }, 0);
    await expectLookups(1, 0);
    await telemetry.expectMetric('tta_cache_store_errors_total', {}, 0);
  });

  it('lets no input be chosen so that it meets the value of another', async () => {
    const { store, entries } = mapStore();
    const ask = build(store);
    const long = 'x'.repeat(257);
    expect(await ask(long)).toBe(`${long} 1`);
    const hashed = [...entries.keys()][0] ?? '';
    expect(hashed).toBe(`inner@1:#${createHash('sha256').update(long, 'utf16le').digest('hex')}`);
    const crafted = hashed.slice('inner@1:'.length);
    expect(await ask(crafted)).toBe(`${crafted} 2`);
    expect(await ask('x'.repeat(256))).toMatch(/ 3$/);
    expect(await ask(`${long}\ud800`)).toMatch(/ 4$/);
    expect(await ask(`${long}\ud801`)).toMatch(/ 5$/);
    const inProcess = cache(counting(), { key });
    expect(await inProcess.execute(long)).toMatch(/ 1$/);
    expect(await inProcess.execute(crafted)).toMatch(/ 2$/);
  });

  it.each([
    [
      { namespace: 'a', version: 'b' },
      { namespace: 'a@b', version: '' + '1' },
    ],
    [
      { namespace: 'a@1:b', version: '1' },
      { namespace: 'a', version: '1:b@1' },
    ],
    [{ namespace: 'a%40' }, { namespace: 'a@' }],
  ])('tells %j and %j apart', async (one, other) => {
    const { store, entries } = mapStore();
    await build(store, one)('k');
    await build(store, other)('k');
    expect(entries.size).toBe(2);
  });

  it('counts a value that the codec cannot write, and one that it cannot read', async () => {
    const kept = new Map<string, unknown>();
    const keyv = {
      get: async (name: string) => kept.get(name),
      set: async (name: string, value: unknown) => kept.set(name, value),
      delete: async (name: string) => kept.delete(name),
    };
    const refuse = () => {
      throw new Error('no');
    };
    const writesNot = keyvStore(keyv, { type: 'map', codec: { encode: refuse, decode: refuse } });
    expect(await build(writesNot)()).toBe('a 1');
    await errorsOf('set', 'failed', 1);
    const readsNot = keyvStore(keyv, { type: 'map', codec: { encode: String, decode: refuse } });
    expect(await build(readsNot)()).toBe('a 1');
    expect(await build(readsNot)()).toBe('a 1');
    await errorsOf('get', 'corrupt', 1);
    await telemetry.expectMetric('tta_cache_store_errors_total', { cache_type: 'map' }, 2);
  });

  it('answers 10,000 at once and leaves nothing behind', async () => {
    const ask = build(mapStore().store);
    const answers = await Promise.all(Array.from({ length: 10_000 }, (_, i) => ask(`${i % 100}`)));
    expect(new Set(answers).size).toBe(100);
    await expectLookups(9_900, 100);
  });

  it('grows no heap over 10,000 lookups of a store that hangs, fails and answers', async () => {
    const { store, ailing, entries } = mapStore();
    const ask = build(store);
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++) {
        ailing.answer = i % 3 === 0 ? undefined : () => Promise.reject(new Error('broken'));
        const controller = new AbortController();
        const asked = ask(`${i % 50}`, controller.signal).catch(() => {});
        if (i % 5 === 0) controller.abort(new Error('left'));
        await asked;
        if (i % 1_000 === 0) await clock.advance(1_000);
      }
      telemetry.clearSpans();
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await rounds(2_000);
    const before = await rounds(1_000);
    const after = await rounds(10_000);
    expect(after - before).toBeLessThan(1_000_000);
    expect(entries.size).toBeLessThanOrEqual(50);
  });

  it.each([
    [{ store: {} }, 'CacheOptions: store.get must be a function, got undefined'],
    [{ store: null }, 'CacheOptions: store.get must be a function, got undefined'],
    [{ store: { ...mapStore().store, type: '' } }, 'store.type'],
    [
      { store: { ...mapStore().store, timeoutMs: 0 } },
      'CacheOptions: store.timeoutMs must be a finite number, 1 or more, got 0',
    ],
    [{ namespace: '' }, 'CacheOptions: namespace must be a text that is not empty, got ""'],
    [{ version: 2 }, 'CacheOptions: version must be a text that is not empty, got 2'],
    [{ staleMs: 5 }, 'CacheOptions: ttlMs must be given with staleMs'],
    [{ staleMs: -1, ttlMs: 1 }, 'CacheOptions: staleMs must be a finite number, 0 or more, got -1'],
  ])('refuses %j at construction', (wrong, message) => {
    expect(() => cache(counting(), { key, ...wrong } as never)).toThrow(message);
  });

  it.each([
    [undefined, {}, 'keyvStore: keyv.get must be a function, got undefined'],
    [new Map(), { codec: {} }, 'KeyvStoreOptions: codec.encode must be a function, got undefined'],
    [new Map(), { timeout: 5 }, 'did you mean timeoutMs?'],
    [new Map(), { timeoutMs: -5 }, 'KeyvStoreOptions: timeoutMs must be a finite number, 1 or more, got -5'],
  ])('refuses to make a store of %j with %j', (keyv, options, message) => {
    expect(() => keyvStore(keyv as never, options as never)).toThrow(message);
  });
});
