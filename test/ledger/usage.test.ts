import fc from 'fast-check';
import { expect, it } from 'vitest';
import { soundUsage } from '../../src/ledger/usage.ts';

it.each([
  ['keeps a usage that is right', [100, 50, 40, 10, 20], [100, 50, 40, 10, 20]],
  ['takes a missing part for 0', [100, 50, undefined, undefined, undefined], [100, 50, 0, 0, 0]],
  ['lets no part exceed its whole', [100, 50, 200, 10, 99], [100, 50, 100, 0, 50]],
  ['lets cached and written input share the input', [100, 0, 80, 80, 0], [100, 0, 80, 20, 0]],
  ['takes what is no count for 0', [Number.NaN, -5, Number.POSITIVE_INFINITY, 1, 1], [0, 0, 0, 0, 0]],
])('%s', (_, given, expected) => {
  const [inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens] = given;
  const usage = { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens };
  expect(Object.values(soundUsage(usage as never))).toEqual(expected);
});

it('is sound whatever a reply says', () => {
  const value = fc.oneof(fc.integer(), fc.double(), fc.constant(undefined), fc.constant(null), fc.string());
  const keys = ['inputTokens', 'outputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'reasoningTokens'] as const;
  fc.assert(
    fc.property(fc.record(Object.fromEntries(keys.map((key) => [key, value]))), (given) => {
      const usage = soundUsage(given as never);
      for (const key of keys) expect(usage[key]).toBeGreaterThanOrEqual(0);
      expect(usage.cachedInputTokens + usage.cacheWriteTokens).toBeLessThanOrEqual(usage.inputTokens * (1 + 1e-12));
      expect(usage.reasoningTokens).toBeLessThanOrEqual(usage.outputTokens);
    }),
  );
});
