import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cache, task } from '../../src/index.ts';
import {
  createVirtualClock,
  type ScriptStep,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

const key = (input: string) => input;

describe('cache with staleMs', () => {
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

  /** Fresh for a second, stale for another minute. */
  const build = (script: readonly ScriptStep<string>[]) => {
    const inner = scriptedTask<string, string>('inner', script);
    const cached = cache(inner, { key, ttlMs: 1_000, staleMs: 60_000 });
    return { inner, ask: (signal?: AbortSignal) => cached.execute('x', { context: { clock }, signal }) };
  };
  const expectLookups = async (hits: number, misses: number) => {
    await telemetry.expectMetric('tta_cache_hits_total', {}, hits);
    await telemetry.expectMetric('tta_cache_misses_total', {}, misses);
  };

  it('answers at once with what is stale while one run replaces it', async () => {
    const { inner, ask } = build([{ result: 'old' }, { result: 'new', delayMs: 50 }]);
    await ask();
    await clock.advance(1_000);
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask()));
    expect(new Set(answers)).toEqual(new Set(['old']));
    expect(inner.calls).toHaveLength(2);
    await clock.advance(50);
    expect(await ask()).toBe('new');
    await expectLookups(101, 1);
  });

  it('shows the refresh below the lookup that started it', async () => {
    const { ask } = build([{ result: 'old' }, { result: 'new', delayMs: 50 }]);
    await ask();
    await clock.advance(1_000);
    telemetry.clearSpans();
    await ask();
    await clock.advance(50);
    telemetry.expectSpans(`
      cache CachePrimitive
        task inner`);
    const lookup = telemetry.spans().find(({ name }) => name === 'cache CachePrimitive');
    expect(lookup?.attributes['tta.cache.result']).toBe('stale');
  });

  it('keeps the stale value when the refresh fails, and lets a second pass before the next', async () => {
    const { inner, ask } = build([{ result: 'old' }, { error: new Error('down') }, { result: 'new' }]);
    await ask();
    await clock.advance(1_000);
    for (let i = 0; i < 10; i++) expect(await ask()).toBe('old');
    await clock.advance(999);
    expect(await ask()).toBe('old');
    expect(inner.calls).toHaveLength(2);
    await clock.advance(1);
    expect(await ask()).toBe('old');
    await settled();
    expect(await ask()).toBe('new');
    await expectLookups(13, 1);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'task', status: 'failure' }, 1);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'cache', status: 'failure' }, 0);
  });

  it('does not abort the refresh with the caller who started it', async () => {
    const { ask } = build([{ result: 'old' }, { result: 'new', delayMs: 50 }]);
    await ask();
    await clock.advance(1_000);
    const controller = new AbortController();
    expect(await ask(controller.signal)).toBe('old');
    controller.abort(new Error('left'));
    await clock.advance(50);
    expect(await ask()).toBe('new');
  });

  it('waits when a value is too old, for the refresh under way if there is one, and leaves that running', async () => {
    const { inner, ask } = build([{ result: 'old' }, { result: 'new', delayMs: 60_000 }]);
    await ask();
    await clock.advance(60_999);
    expect(await ask()).toBe('old');
    await clock.advance(1);
    const controller = new AbortController();
    const left = ask(controller.signal);
    await settled();
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    const waits = ask();
    await clock.advance(60_000);
    expect(await waits).toBe('new');
    expect(inner.calls).toHaveLength(2);
    await expectLookups(3, 1);
  });

  it('runs the refresh in the context of the lookup that started it', async () => {
    const seen: unknown[] = [];
    const inner = task('inner', (_: string, context) => {
      seen.push(context.tags);
      return 'value';
    });
    const cached = cache(inner, { key, ttlMs: 1_000, staleMs: 60_000 });
    for (const caller of ['first', 'second']) {
      await cached.execute('x', { context: { clock, tags: { caller } } });
      await clock.advance(1_000);
    }
    expect(seen).toEqual([{ caller: 'first' }, { caller: 'second' }]);
  });
});
