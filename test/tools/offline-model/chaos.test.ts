import { describe, expect, it } from 'vitest';
import { createChaos } from '../../../src/tools/offline-model/chaos.ts';

/** A random generator (mulberry32) that returns the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('chaos', () => {
  it('does nothing when it is off', () => {
    const next = createChaos(false, () => 0);
    expect(next()).toEqual({ kind: 'none' });
  });

  it('makes faults in the given shares', () => {
    const next = createChaos(true, seeded(7));
    const seen: Record<string, number> = {};
    for (let i = 0; i < 20_000; i += 1) {
      const { kind } = next();
      seen[kind] = (seen[kind] ?? 0) + 1 / 20_000;
    }
    expect(seen.slow).toBeCloseTo(0.15, 1);
    expect(seen.rate_limit).toBeCloseTo(0.1, 1);
    expect(seen.error).toBeCloseTo(0.05, 1);
    expect(seen.cut).toBeCloseTo(0.05, 1);
    expect(seen.none).toBeCloseTo(0.65, 1);
  });

  it('makes the same faults from the same seed', () => {
    const [a, b] = [createChaos(true, seeded(1)), createChaos(true, seeded(1))];
    for (let i = 0; i < 200; i += 1) expect(a()).toEqual(b());
  });

  it('delays from a quarter of the longest delay to the longest delay', () => {
    const draws = [0, 0, 0, 1];
    const next = createChaos(
      { slowShare: 1, rateLimitShare: 0, errorShare: 0, cutShare: 0, slowMs: 400 },
      () => draws.shift() ?? 0,
    );
    expect([next(), next()]).toEqual([
      { kind: 'slow', delayMs: 100 },
      { kind: 'slow', delayMs: 400 },
    ]);
  });

  it.each([
    [{ slowShare: -0.1 }, 'slowShare must be from 0 to 1, got -0.1'],
    [{ errorShare: Number.NaN }, 'errorShare must be from 0 to 1, got NaN'],
    [{ retryAfterMs: -1 }, 'retryAfterMs must be 0 or more, got -1'],
    [{ slowShare: 0.9, cutShare: 0.9 }, 'the shares must add up to 1 at most'],
  ])('refuses %j', (options, message) => {
    expect(() => createChaos(options, Math.random)).toThrow(RangeError);
    expect(() => createChaos(options, Math.random)).toThrow(message);
  });
});
