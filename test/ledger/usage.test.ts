import fc from 'fast-check';
import { expect, it } from 'vitest';
import { soundUsage, type Usage } from '../../src/ledger/usage.ts';

const NONE = soundUsage({ inputTokens: 0, outputTokens: 0 });
const whole = { inputTokens: 100, outputTokens: 50 };

it.each<[string, Partial<Usage>, Partial<Usage>]>([
  ['keeps a usage that is right', { cachedInputTokens: 40, reasoningTokens: 20 }, {}],
  [
    'lets no part exceed its whole',
    { cachedInputTokens: 200, reasoningTokens: 99 },
    { cachedInputTokens: 100, reasoningTokens: 50 },
  ],
  [
    'lets cached and written input share the input',
    { cachedInputTokens: 80, cacheWriteTokens: 80 },
    { cacheWriteTokens: 20 },
  ],
  [
    'keeps writes of an hour within all writes',
    { cacheWriteTokens: 10, cacheWrite1hTokens: 11 },
    { cacheWrite1hTokens: 10 },
  ],
  [
    'keeps sound within all tokens',
    { inputAudioTokens: 101, outputAudioTokens: 51 },
    { inputAudioTokens: 100, outputAudioTokens: 50 },
  ],
  ['takes what is no count for 0', { inputTokens: Number.NaN, outputTokens: -5 }, { inputTokens: 0, outputTokens: 0 }],
  ['takes endless counts for 0', { outputTokens: Number.POSITIVE_INFINITY }, { outputTokens: 0 }],
])('%s', (_, given, corrected) => {
  const usage = { ...whole, ...given };
  expect(soundUsage(usage)).toEqual({ ...NONE, ...usage, ...corrected });
});

it('is sound whatever a reply says', () => {
  const value = fc.oneof(fc.integer(), fc.double(), fc.constant(undefined), fc.constant(null), fc.string());
  const keys = Object.keys(NONE) as (keyof Usage)[];
  fc.assert(
    fc.property(fc.record(Object.fromEntries(keys.map((key) => [key, value]))), (given) => {
      const usage = soundUsage(given as never);
      for (const key of keys) expect(usage[key]).toBeGreaterThanOrEqual(0);
      expect(usage.cachedInputTokens + usage.cacheWriteTokens).toBeLessThanOrEqual(usage.inputTokens * (1 + 1e-12));
      expect(usage.cacheWrite1hTokens).toBeLessThanOrEqual(usage.cacheWriteTokens);
      expect(usage.reasoningTokens).toBeLessThanOrEqual(usage.outputTokens);
      expect(usage.inputAudioTokens).toBeLessThanOrEqual(usage.inputTokens);
      expect(usage.outputAudioTokens).toBeLessThanOrEqual(usage.outputTokens);
    }),
  );
});
