import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cache, task } from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

const key = (input: string) => input;

async function* words() {
  yield 'one';
}

describe('cache', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const expectLookups = async (hits: number, misses: number, labels: Record<string, string> = {}) => {
    await telemetry.expectMetric('tta_cache_hits_total', labels, hits);
    await telemetry.expectMetric('tta_cache_misses_total', labels, misses);
  };

  it.each([['a text'], [undefined], [null], [0]])('answers %j from memory the second time', async (value) => {
    const inner = scriptedTask<string, unknown>('inner', [{ result: value }]);
    const cached = cache(inner, { key, name: 'answers' });
    expect(await cached.execute('x')).toBe(value);
    expect(await cached.execute('x')).toBe(value);
    expect(inner.calls).toEqual(['x']);
    await expectLookups(1, 1, { primitive_name: 'answers', cache_type: 'lru' });
  });

  it('runs the primitive again when the value is older than ttlMs', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, number>('inner', [{ result: 1 }, { result: 2 }]);
    const cached = cache(inner, { key, ttlMs: 1_000 });
    const ask = () => cached.execute('x', { context: { clock } });
    expect(await ask()).toBe(1);
    await clock.advance(999);
    expect(await ask()).toBe(1);
    await clock.advance(1);
    expect(await ask()).toBe(2);
    await expectLookups(1, 2, { cache_type: 'ttl' });
  });

  it('lets the entry go that was not used for longest', async () => {
    const inner = task('inner', (s: string) => s);
    const cached = cache(inner, { key, maxEntries: 2 });
    for (const input of ['a', 'b', 'a', 'c', 'a', 'b']) await cached.execute(input);
    await expectLookups(2, 4);
  });

  it('runs the primitive once for many who ask at the same time', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ result: 'ok', delayMs: 10 }]);
    const cached = cache(inner, { key });
    const all = Promise.all(Array.from({ length: 100 }, () => cached.execute('x', { context: { clock } })));
    await clock.advance(10);
    expect(new Set(await all)).toEqual(new Set(['ok']));
    expect(inner.calls).toHaveLength(1);
    await expectLookups(99, 1);
  });

  it('keeps no failure and tells it to all who waited', async () => {
    const inner = scriptedTask<string, string>('inner', [{ error: new Error('down') }, { result: 'up' }]);
    const cached = cache(inner, { key });
    const both = await Promise.allSettled([cached.execute('x'), cached.execute('x')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cached.execute('x')).toBe('up');
  });

  it("does not fail the others with one caller's abort, not even the first one's", async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ result: 'ok', delayMs: 10 }]);
    const cached = cache(inner, { key });
    const controller = new AbortController();
    const first = cached.execute('x', { signal: controller.signal, context: { clock } });
    const second = cached.execute('x', { context: { clock } });
    await settled();
    const reason = new Error('first left');
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    await clock.advance(10);
    await expect(second).resolves.toBe('ok');
    expect(inner.calls).toHaveLength(1);
  });

  it('aborts the run when the last execution that waited has left, and runs again for the next', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ result: 'ok', delayMs: 10 }]);
    const cached = cache(inner, { key });
    const controllers = [new AbortController(), new AbortController()];
    const running = controllers.map(({ signal }) => cached.execute('x', { signal, context: { clock } }));
    await settled();
    for (const controller of controllers) controller.abort(new Error('left'));
    expect((await Promise.allSettled(running)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(clock.pending).toBe(0);
    const again = cached.execute('x', { context: { clock } });
    await clock.advance(10);
    await expect(again).resolves.toBe('ok');
    expect(inner.calls).toHaveLength(2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each([
    ['a generator', words],
    ['another async iterable', () => ({ [Symbol.asyncIterator]: words })],
  ])('refuses %s, ends its execution and keeps nothing', async (_, make) => {
    const inner = task('say', (_: string): unknown => make());
    const cached = cache(inner, { key });
    for (const run of [1, 2]) {
      await expect(cached.execute('x')).rejects.toThrow(
        'cache around say: say gave a stream, which can be read once only',
      );
      await settled();
      expect(telemetry.spans().filter(({ name }) => name === 'task say')).toHaveLength(run);
    }
    await expectLookups(0, 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('refuses a key that is no text', async () => {
    const cached = cache(
      task('t', (n: number) => n),
      { key: ((n: number) => n) as never },
    );
    await expect(cached.execute(1)).rejects.toThrow('cache around t: key must give a text, got a number');
  });

  it.each([
    [{}, 'CacheOptions: key must be a function, got undefined'],
    [{ key, maxEntries: 0 }, 'CacheOptions: maxEntries must be a whole number from 1 to 10000000, got 0'],
    [{ key, ttl: 5 }, 'did you mean ttlMs?'],
  ])('refuses %j at construction', (options, message) => {
    expect(() =>
      cache(
        task('t', (s: string) => s),
        options as never,
      ),
    ).toThrow(message);
  });
});
