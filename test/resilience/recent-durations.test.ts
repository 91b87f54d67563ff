import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecentDurations } from '../../src/resilience/recent-durations.ts';

it('gives the percentile that sorting the last durations would give', () => {
  const any = fc.record({
    capacity: fc.integer({ min: 1, max: 20 }),
    percent: fc.integer({ min: 1, max: 100 }),
    durations: fc.array(fc.oneof(fc.nat(5), fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 60 }),
  });
  const property = fc.property(any, ({ capacity, percent, durations }) => {
    const recent = new RecentDurations(capacity);
    expect(recent.percentile(percent)).toBeUndefined();
    for (const [i, duration] of durations.entries()) {
      recent.add(duration);
      const last = durations.slice(Math.max(0, i + 1 - capacity), i + 1).sort((a, b) => a - b);
      expect(recent.count).toBe(last.length);
      expect(recent.percentile(percent)).toBe(last[Math.ceil((percent / 100) * last.length) - 1]);
    }
  });
  fc.assert(property, { numRuns: 500 });
});
