/** Runs that hang, and runs that wait for themselves: no key of a cache may become unusable. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheCycleError, type CacheStore, cache, type Primitive, task, timeout } from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

const key = (input: string) => input;
const outcome = (running: Promise<unknown>) => running.catch((error: Error) => error);

function storeOf(entries = new Map<string, unknown>()): CacheStore {
  return {
    type: 'map',
    get: (name) => structuredClone(entries.get(name)) as never,
    set: (name, entry) => void entries.set(name, structuredClone(entry)),
    delete: (name) => entries.delete(name),
  };
}

let telemetry: TestTelemetry;
let clock: VirtualClock;
beforeEach(() => {
  telemetry = startTestTelemetry();
  clock = createVirtualClock();
});
afterEach(async () => {
  expect(clock.pending).toBe(0);
  await telemetry.stop();
});

/** Work of which the calls named hang for ever and ignore their signal; any other gives its number after a moment. */
function hangingAt(...hung: number[]) {
  const aborted: number[] = [];
  let calls = 0;
  const work = task('work', async (_: string, context): Promise<number> => {
    calls += 1;
    const call = calls;
    context.signal.addEventListener('abort', () => aborted.push(call));
    if (hung.includes(call)) return new Promise(() => {});
    await context.clock.sleep(1, context.signal);
    return call;
  });
  return { work, aborted, calls: () => calls };
}

describe.each([
  ['this process', () => undefined],
  ['a store', () => storeOf()],
])('a cache with its values in %s', (_, store) => {
  const ask = (primitive: Primitive<string, unknown>, signal?: AbortSignal) =>
    outcome(primitive.execute('x', { context: { clock }, signal }));

  it.each([
    ['inside', (work: Primitive<string, number>) => cache(timeout(work, { timeoutMs: 100 }), { key, store: store() })],
    ['outside', (work: Primitive<string, number>) => timeout(cache(work, { key, store: store() }), { timeoutMs: 100 })],
  ])('answers a busy key again soon after a run that hung, with its timeout %s', async (_where, build) => {
    const guarded = build(hangingAt(1).work);
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 30; i += 1) {
      answers.push(ask(guarded));
      await clock.advance(10);
    }
    await clock.advance(200);
    const late = (await Promise.all(answers)).map((answer) => answer instanceof Error);
    expect(late.slice(0, 9)).toEqual(Array(9).fill(true));
    expect(late.slice(11)).toEqual(Array(19).fill(false));
  });

  it.each([
    ['a deadline', () => new DOMException('late', 'TimeoutError')],
    ['an abort', () => new DOMException('left', 'AbortError')],
  ])('answers those who come after %s of the first, though others still wait', async (_why, reason) => {
    const { work, calls } = hangingAt(1);
    const cached = cache(work, { key, store: store() });
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [ask(cached, first.signal), ask(cached, second.signal)];
    await settled();
    first.abort(reason());
    await waiting[0];
    const third = ask(cached);
    await clock.advance(1);
    expect(await third).toBe(2);
    expect(calls()).toBe(2);
    second.abort();
    await Promise.all(waiting);
  });

  it('lets later executions share the run when an execution that joined it is aborted', async () => {
    let finish = (_: string) => {};
    let calls = 0;
    const cached = cache(
      task('work', (_: string) => {
        calls += 1;
        return new Promise<string>((resolve) => {
          finish = resolve;
        });
      }),
      { key, store: store() },
    );
    const controller = new AbortController();
    const first = ask(cached);
    const second = ask(cached, controller.signal);
    await settled();
    controller.abort();
    expect(await second).toMatchObject({ name: 'AbortError' });
    const third = ask(cached);
    await settled();
    finish('done');
    expect(await Promise.all([first, third])).toEqual(['done', 'done']);
    expect(calls).toBe(1);
  });

  it('answers a key again after a refresh that hangs', async () => {
    const { work, aborted } = hangingAt(2);
    const cached = cache(work, { key, store: store(), ttlMs: 1_000, staleMs: 500 });
    const first = ask(cached);
    await clock.advance(1);
    expect(await first).toBe(1);
    await clock.advance(1_000);
    expect(await ask(cached)).toBe(1);
    await clock.advance(600);
    const next = ask(cached);
    await clock.advance(1);
    expect(await next).toBe(3);
    expect(aborted).toEqual([2]);
    expect(await ask(cached)).toBe(3);
  });

  it('waits for a refresh that hangs no longer than staleMs after its start', async () => {
    const cached = cache(hangingAt(2).work, { key, store: store(), ttlMs: 1_000, staleMs: 500 });
    const first = ask(cached);
    await clock.advance(1);
    await first;
    await clock.advance(1_400);
    expect(await ask(cached)).toBe(1);
    await clock.advance(200);
    const next = ask(cached);
    await clock.advance(301);
    expect(await next).toBe(3);
  });

  it('starts no second execution on a refresh that the first was not willing to wait for', async () => {
    const cached = cache(hangingAt(2).work, { key, store: store(), ttlMs: 1_000, staleMs: 60_000 });
    const patient = timeout(cached, { timeoutMs: 100 });
    const first = ask(patient);
    await clock.advance(1);
    await first;
    await clock.advance(60_900);
    expect(await ask(patient)).toBe(1);
    await clock.advance(200);
    const [late, waits] = [ask(patient), ask(cached, AbortSignal.any([]))];
    await clock.advance(100);
    expect(await late).toMatchObject({ name: 'PrimitiveTimeoutError' });
    const next = ask(patient);
    await clock.advance(1);
    expect(await next).toBe(3);
    await clock.advance(60_000);
    expect(await waits).toBeTypeOf('number');
  });

  it('rejects a run that asks for its own key, at once or later', async () => {
    for (const wait of [() => undefined, () => settled()]) {
      const own: Primitive<string, unknown> = cache(
        task('own', async (input: string) => {
          await wait();
          return own.execute(input);
        }),
        { key, store: store(), name: 'own' },
      );
      const error = await ask(own);
      expect(error).toBeInstanceOf(CacheCycleError);
      expect(error).toMatchObject({
        primitiveName: 'own',
        message: 'own: the work for this key asks for the same key, and would wait for itself',
      });
    }
    const sync: Primitive<string, unknown> = cache(
      task('sync', (input: string) => sync.execute(input)),
      { key, store: store() },
    );
    expect(await ask(sync)).toBeInstanceOf(CacheCycleError);
  });

  it('rejects a circle of keys, across caches, also where each began by itself', async () => {
    const next: Record<string, string> = { a: 'b', b: 'c', c: 'a' };
    const caches: Primitive<string, unknown>[] = ['even', 'odd'].map((name, i) =>
      cache(
        task(name, async (input: string) => {
          await settled();
          return caches[1 - i]?.execute(next[input] as string);
        }),
        { key, store: store(), name },
      ),
    );
    const [even, odd] = caches as [Primitive<string, unknown>, Primitive<string, unknown>];
    expect(await outcome(even.execute('a', { context: { clock } }))).toBeInstanceOf(CacheCycleError);
    const all = [even.execute('a'), odd.execute('b'), even.execute('c'), odd.execute('a'), even.execute('b')];
    for (const one of all) expect(await outcome(one)).toBeInstanceOf(CacheCycleError);
  });

  it('takes no work for a circle that asks for other keys, or for the same key twice', async () => {
    const fibonacci: Primitive<string, number> = cache(
      task('fibonacci', async (input: string): Promise<number> => {
        const n = Number(input);
        if (n < 2) return n;
        const [a, b] = await Promise.all([fibonacci.execute(`${n - 1}`), fibonacci.execute(`${n - 2}`)]);
        return a + b;
      }),
      { key, store: store() },
    );
    expect(await fibonacci.execute('60')).toBe(1_548_008_755_920);
  });
});

it('lets a refresh ask for the key whose run asked for the stale value', async () => {
  const values = cache(
    task('value', async (input: string): Promise<unknown> => (input === 'b' && asks ? all.execute('a') : input)),
    { key, ttlMs: 1_000, staleMs: 60_000 },
  );
  let asks = false;
  const all: Primitive<string, unknown> = cache(
    task('all', async () => {
      const value = await values.execute('b');
      await settled();
      return value;
    }),
    { key },
  );
  await values.execute('b', { context: { clock } });
  await clock.advance(1_001);
  asks = true;
  expect(await all.execute('a', { context: { clock } })).toBe('b');
  await settled();
});

describe('what a store holds', () => {
  it('is stale by the ttlMs of the cache that reads it, where that is shorter', async () => {
    const store = storeOf();
    let calls = 0;
    const build = (ttlMs: number | undefined) => {
      const cached = cache(
        task('work', (_: string) => ++calls),
        { key, store, ttlMs, namespace: 'n' },
      );
      return () => cached.execute('x', { context: { clock } });
    };
    expect(await build(undefined)()).toBe(1);
    await clock.advance(10_000);
    expect(await build(60_000)()).toBe(1);
    expect(await build(5_000)()).toBe(2);
    expect(await build(60_000)()).toBe(2);
    await clock.advance(5_000);
    expect(await build(60_000)()).toBe(3);
  });

  it.each([Number.NaN, 'soon', Number.POSITIVE_INFINITY])(
    'counts as unreadable when it was kept at %s',
    async (keptAt) => {
      const store = storeOf(new Map([['work@1:x', { value: 'forged', freshUntil: null, keptAt }]]));
      const cached = cache(
        task('work', (_: string) => 'new'),
        { key, store, ttlMs: 1_000 },
      );
      expect(await cached.execute('x')).toBe('new');
    },
  );
});

it.each<[object, string]>([
  [{ namespace: 'a' }, 'namespace is of use only together with store, got "a"'],
  [{ version: '2' }, 'version is of use only together with store, got "2"'],
  [{ store: storeOf(), maxEntries: 5 }, 'maxEntries is of use beside a store only for failures, with negative, got 5'],
])('refuses %j, which has no effect', (options, message) => {
  expect(() =>
    cache(
      task('t', (_: string) => 1),
      { key, ...options },
    ),
  ).toThrow(`CacheOptions: ${message}`);
});
