import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../src/resilience/sliding-window.ts';

const EPOCH = Date.UTC(2030, 0, 1);
/** Arrivals: how long after the one before, and how many permits it asks for. */
const arrivals = (ms: fc.Arbitrary<number>, weight: fc.Arbitrary<number>) =>
  fc.array(fc.record({ ms, weight }), { minLength: 1, maxLength: 200 });
const perMs = fc.integer({ min: 1, max: 60_000 });

/** The exact window, by hand: what was used after `now - perMs`. */
const usedAt = (log: readonly { at: number; weight: number }[], now: number, window: number) =>
  log.reduce((sum, { at, weight }) => (at > now - window ? sum + weight : sum), 0);

describe('the sliding window', () => {
  it('gives a permit exactly when the window has room for it, for whole milliseconds', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 9_000 }),
      arrivals(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 5 })),
      (permits, window, asks) => {
        const meter = new SlidingWindow(permits, window);
        const log: { at: number; weight: number }[] = [];
        let now = EPOCH;
        for (const { ms, weight } of asks) {
          now += ms;
          const taken = meter.take(weight, now) !== undefined;
          expect(taken).toBe(usedAt(log, now, window) + weight <= permits);
          if (taken) log.push({ at: now, weight });
        }
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  it('never gives more than its permits within any perMs, for any times and weights', () => {
    const property = fc.property(
      fc.double({ min: 1, max: 1_000, noNaN: true }),
      perMs,
      arrivals(fc.double({ min: 0, max: 20_000, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true })),
      (permits, window, asks) => {
        const meter = new SlidingWindow(permits, window);
        const log: { at: number; weight: number }[] = [];
        let now = EPOCH;
        for (const { ms, weight } of asks) {
          now += ms;
          if (meter.take(weight, now) === undefined) continue;
          log.push({ at: now, weight });
          expect(usedAt(log, now, window * (1 - 1e-9))).toBeLessThanOrEqual(permits * (1 + 1e-6));
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('gives a whole line at the times that it names, and not before', () => {
    const property = fc.property(
      fc.integer({ min: 5, max: 30 }),
      fc.integer({ min: 1, max: 9_000 }),
      arrivals(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 5 })),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 50 }),
      (permits, window, asks, line) => {
        const meter = new SlidingWindow(permits, window);
        let now = EPOCH;
        for (const { ms, weight } of asks) {
          now += ms;
          meter.take(weight, now);
        }
        const named = line.map((_, i) => now + meter.waitMs(line.slice(0, i + 1), now));
        for (const [i, at] of named.entries()) {
          const weight = line[i] as number;
          if (at > (named[i - 1] ?? now)) expect(meter.take(weight, at - 1)).toBeUndefined();
          expect(meter.take(weight, at)).toBeDefined();
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('counts permits from the time at which their work began', () => {
    const meter = new SlidingWindow(1, 100);
    const grant = meter.take(1, EPOCH);
    if (grant !== undefined) grant.at = EPOCH + 30;
    expect(meter.waitMs([1], EPOCH + 30)).toBe(100);
    expect(meter.take(1, EPOCH + 129)).toBeUndefined();
    expect(meter.take(1, EPOCH + 130)).toBeDefined();
  });

  it('keeps a bounded number of entries, whatever the rate', () => {
    const meter = new SlidingWindow(1e9, 1_000_000);
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let taken = 0; taken < 1_000_000; taken += 1) meter.take(1, EPOCH + taken);
    globalThis.gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
    expect(meter.waitMs([1], EPOCH)).toBe(0);
  });

  it('works on with a clock that goes back, and gives no permit twice', () => {
    const meter = new SlidingWindow(2, 1_000);
    const year = 365 * 86_400_000;
    meter.take(1, EPOCH + 70 * year);
    meter.take(1, EPOCH);
    expect(meter.take(1, EPOCH + 999)).toBeUndefined();
    expect(meter.take(2, EPOCH + 1_000)).toBeDefined();
  });

  it('keeps no permit for a clock whose time is no number', () => {
    const meter = new SlidingWindow(1, 1_000);
    for (let i = 0; i < 3; i += 1) expect(meter.take(1, Number.NaN)).toBeDefined();
    expect(meter.take(1, EPOCH)).toBeDefined();
    expect(meter.take(1, EPOCH + 1)).toBeUndefined();
  });
});
