import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cache } from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

const key = (input: string) => input;
const notFound = new RangeError('no such page');
const negative = { when: (error: unknown) => error instanceof RangeError, ttlMs: 1_000 };

describe('cache with negative', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('answers with the very failure that it keeps until its time is over', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ error: notFound }, { result: 'there now' }]);
    const cached = cache(inner, { key, negative });
    const ask = () => cached.execute('x', { context: { clock } });
    await expect(ask()).rejects.toBe(notFound);
    await clock.advance(999);
    await expect(ask()).rejects.toBe(notFound);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    expect(await ask()).toBe('there now');
    await telemetry.expectMetric('tta_cache_hits_total', {}, 1);
    await telemetry.expectMetric('tta_cache_misses_total', {}, 2);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'cache', status: 'failure' }, 2);
  });

  it('keeps no failure that when does not choose', async () => {
    const inner = scriptedTask<string, string>('inner', [{ error: new Error('down') }, { result: 'up' }]);
    const cached = cache(inner, { key, negative });
    await expect(cached.execute('x')).rejects.toThrow('down');
    expect(await cached.execute('x')).toBe('up');
  });

  it('keeps no abort, whatever when says', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [{ result: 'ok', delayMs: 10 }]);
    const cached = cache(inner, { key, negative: { when: () => true, ttlMs: 1_000 } });
    const controller = new AbortController();
    const left = cached.execute('x', { signal: controller.signal, context: { clock } });
    await settled();
    controller.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await settled();
    const again = cached.execute('x', { context: { clock } });
    await clock.advance(10);
    expect(await again).toBe('ok');
  });

  it('keeps failures in this process also beside a store', async () => {
    const inner = scriptedTask<string, string>('inner', [{ error: notFound }]);
    const store = { type: 'map', get: () => undefined, set: () => {}, delete: () => {} };
    const cached = cache(inner, { key, negative, store });
    for (let i = 0; i < 3; i++) await expect(cached.execute('x')).rejects.toBe(notFound);
    expect(inner.calls).toHaveLength(1);
    await telemetry.expectMetric('tta_cache_hits_total', { cache_type: 'map' }, 2);
  });

  it.each([
    [{ ttlMs: 5 }, 'CacheOptions: negative.when must be a function, got undefined'],
    [{ when: () => true }, 'CacheOptions: negative.ttlMs must be a finite number, 0 or more, got undefined'],
  ])('refuses %j at construction', (wrong, message) => {
    const inner = scriptedTask<string, string>('inner', [{ result: '' }]);
    expect(() => cache(inner, { key, negative: wrong as never })).toThrow(message);
  });
});
