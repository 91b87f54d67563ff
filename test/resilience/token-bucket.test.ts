import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucket, filled, fullBucket, takePermits, waitMs } from '../../src/resilience/token-bucket.ts';

const anyRules = fc.record({
  permits: fc.integer({ min: 1, max: 1_000 }),
  perMs: fc.integer({ min: 1, max: 60_000 }),
  burst: fc.integer({ min: 1, max: 100 }),
});
const anyAsk = fc.record({
  ms: fc.double({ min: 0, max: 5_000, noNaN: true }),
  weight: fc.integer({ min: 0, max: 100 }),
});
const EPOCH = Date.UTC(2030, 0, 1);

describe('the token bucket', () => {
  it('is full at first, is drained, and fills evenly up to its burst', () => {
    const rules = { permits: 10, perMs: 1_000, burst: 20 };
    const drained = takePermits(rules, fullBucket(rules), 20, EPOCH) as Bucket;
    expect(drained).toEqual({ available: 0, at: EPOCH });
    expect(waitMs(rules, drained, 5, EPOCH)).toBe(500);
    expect(takePermits(rules, drained, 5, EPOCH + 499)).toBeUndefined();
    expect(takePermits(rules, drained, 5, EPOCH + 500)).toEqual({ available: 0, at: EPOCH + 500 });
    expect(filled(rules, drained, EPOCH + 1e9).available).toBe(20);
  });

  it('never gives more than its burst and what has flowed in since, over any span of time', () => {
    const property = fc.property(anyRules, fc.array(anyAsk, { maxLength: 100 }), (rules, asks) => {
      const given: { readonly at: number; readonly weight: number }[] = [];
      let bucket = fullBucket(rules);
      let now = EPOCH;
      for (const { ms, weight } of asks) {
        now += ms;
        const next = takePermits(rules, bucket, weight, now);
        if (next === undefined) continue;
        bucket = next;
        given.push({ at: now, weight });
      }
      for (const [i, { at: from }] of given.entries()) {
        let sum = 0;
        for (const { at, weight } of given.slice(i)) {
          sum += weight;
          expect(sum).toBeLessThanOrEqual(
            rules.burst + ((at - from) * rules.permits) / rules.perMs + 1e-4 * rules.burst,
          );
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('gives after the wait that it names, rounded up to whole milliseconds, and not before', () => {
    const property = fc.property(anyRules, fc.array(anyAsk, { minLength: 1, maxLength: 50 }), (rules, asks) => {
      let bucket = fullBucket(rules);
      let now = EPOCH;
      for (const { ms, weight: asked } of asks) {
        const weight = Math.min(asked, rules.burst);
        now += Math.floor(ms / 100);
        const wait = waitMs(rules, bucket, weight, now);
        expect(takePermits(rules, bucket, weight, now) === undefined).toBe(wait > 0);
        if (wait > 1) expect(takePermits(rules, bucket, weight, now + Math.floor(wait * 0.999))).toBeUndefined();
        now += Math.ceil(wait);
        bucket = takePermits(rules, bucket, weight, now) as Bucket;
        expect(bucket).toBeDefined();
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('loses nothing to rounding in a million small withdrawals', () => {
    const rules = { permits: 3, perMs: 1, burst: 3 };
    let bucket = fullBucket(rules);
    let given = 0;
    for (let ms = 0; ms < 333_333; ms += 1) {
      for (
        let next = takePermits(rules, bucket, 1, EPOCH + ms);
        next;
        next = takePermits(rules, bucket, 1, EPOCH + ms)
      ) {
        bucket = next;
        given += 1;
      }
    }
    expect(given).toBe(3 * 333_333);
  });

  it('withholds no permit because tenths do not add up exactly', () => {
    const rules = { permits: 1, perMs: 10, burst: 1 };
    const drained = takePermits(rules, fullBucket(rules), 1, EPOCH) as Bucket;
    const after7 = takePermits(rules, drained, 0, EPOCH + 7) as Bucket;
    expect(after7.available + 0.1).toBeLessThan(0.8);
    expect(takePermits(rules, after7, 0.8, EPOCH + 8)).toMatchObject({ available: 0 });
    expect(waitMs(rules, after7, 0.8, EPOCH + 8)).toBe(0);
  });

  it('does not fill when the time goes back', () => {
    const rules = { permits: 1, perMs: 1, burst: 10 };
    const drained = takePermits(rules, fullBucket(rules), 10, EPOCH) as Bucket;
    expect(filled(rules, drained, EPOCH - 5)).toEqual(drained);
  });
});
