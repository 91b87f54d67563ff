import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dollarsAt, type Price, priceFor, tierOf } from '../../src/ledger/price.ts';
import { soundUsage } from '../../src/ledger/usage.ts';

const NOW = Date.parse('2026-11-26');

describe('the dollars at a price', () => {
  it('are those of each part at its own price', () => {
    const price = {
      ...{ input: 10, output: 100, cachedInput: 1, cacheWrite: 20, cacheWrite1h: 30 },
      ...{ inputAudio: 40, outputAudio: 200, outputImage: 300, webSearches: 14 },
    };
    const usage = soundUsage({
      ...{ inputTokens: 1_000, cachedInputTokens: 500, cacheWriteTokens: 200, cacheWrite1hTokens: 50 },
      ...{ inputAudioTokens: 100, outputTokens: 12, outputAudioTokens: 4, outputImageTokens: 2, reasoningTokens: 5 },
      webSearches: 3,
    });
    const millionths = 200 * 10 + 100 * 40 + 500 * 1 + 150 * 20 + 50 * 30 + 6 * 100 + 4 * 200 + 2 * 300;
    expect(dollarsAt(price, usage)).toBeCloseTo(millionths / 1e6 + (3 * 14) / 1_000, 12);
  });

  it('are those of input and output where a part has no price of its own, and twice the input for writes of an hour, and 1 cent for a search', () => {
    const usage = soundUsage({
      ...{ inputTokens: 1_000, cachedInputTokens: 500, cacheWriteTokens: 200, cacheWrite1hTokens: 50 },
      ...{ inputAudioTokens: 100, outputTokens: 10, outputAudioTokens: 4, outputImageTokens: 2, webSearches: 2 },
    });
    expect(dollarsAt({ input: 10, output: 100 }, usage)).toBeCloseTo((1_050 * 10 + 10 * 100) / 1e6 + 0.02, 12);
  });

  it('are to the cent those of an Anthropic reply with both kinds of cache writes', () => {
    const price = { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 };
    const usage = soundUsage({
      ...{ inputTokens: 10_000, cachedInputTokens: 6_000, cacheWriteTokens: 2_000, cacheWrite1hTokens: 1_000 },
      outputTokens: 500,
    });
    expect(dollarsAt(price, usage)).toBeCloseTo(0.02505, 12);
  });

  const tokens = fc.nat(1_000_000_000);
  const anyUsage = fc.record({
    ...{ inputTokens: tokens, outputTokens: tokens, cachedInputTokens: tokens, cacheWriteTokens: tokens },
    ...{ cacheWrite1hTokens: tokens, reasoningTokens: tokens, inputAudioTokens: tokens, outputAudioTokens: tokens },
  });
  const rate = fc.double({ min: 0, max: 1_000, noNaN: true });
  const anyPrice = fc.record(
    {
      ...{ input: rate, output: rate, cachedInput: rate, cacheWrite: rate, cacheWrite1h: rate },
      ...{ inputAudio: rate, outputAudio: rate },
    },
    { requiredKeys: ['input', 'output'] },
  );

  it('are never negative and never more than all tokens at the highest price', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, (given, price) => {
        const usage = soundUsage(given);
        const highest = Math.max(...Object.values(price), 2 * price.input);
        const all = usage.inputTokens + usage.outputTokens;
        expect(dollarsAt(price, usage)).toBeGreaterThanOrEqual(0);
        expect(dollarsAt(price, usage)).toBeLessThanOrEqual((all * highest) / 1e6 + 1e-6);
      }),
    );
  });

  it('never fall when a call has more output or more input that is not cached', () => {
    fc.assert(
      fc.property(anyUsage, anyPrice, tokens, (given, price, more) => {
        const dollars = dollarsAt(price, soundUsage(given));
        const sound = soundUsage(given);
        const longer = { ...sound, outputTokens: sound.outputTokens + more };
        const asked = { ...sound, inputTokens: sound.inputTokens + more };
        // What was cached stays cached, and sound stays sound: only tokens of text join.
        expect(dollarsAt(price, longer)).toBeGreaterThanOrEqual(dollars * (1 - 1e-12));
        if (sound.inputAudioTokens === 0) expect(dollarsAt(price, asked)).toBeGreaterThanOrEqual(dollars * (1 - 1e-12));
      }),
    );
  });
});

describe('the price of a call', () => {
  const price = (input: number, conditions: Partial<Price> = {}): Price => ({ input, output: 0, ...conditions });
  const call = { tier: undefined, inputTokens: 1_000, at: NOW };

  it('is the newest that was in force when the call ended', () => {
    const prices = [price(1), price(3, { from: '2026-06-01' }), price(2, { from: '2026-01-01' })];
    expect(priceFor(prices, { ...call, at: Date.parse('2025-12-31T23:59:59Z') })?.input).toBe(1);
    expect(priceFor(prices, { ...call, at: Date.parse('2026-01-01') })?.input).toBe(2);
    expect(priceFor(prices, call)?.input).toBe(3);
    expect(priceFor([price(1, { from: '2027-01-01' })], call)).toBeUndefined();
  });

  it('is for the whole of a call whose input is longer than its border', () => {
    const prices = [price(2, { above: 200_000 }), price(1), price(3, { above: 500_000 })];
    expect(priceFor(prices, { ...call, inputTokens: 200_000 })?.input).toBe(1);
    expect(priceFor(prices, { ...call, inputTokens: 200_001 })?.input).toBe(2);
    expect(priceFor(prices, { ...call, inputTokens: 500_001 })?.input).toBe(3);
  });

  it('is for its service tier only', () => {
    const prices = [price(1), price(0.5, { tier: 'Batch' })];
    expect(priceFor(prices, { ...call, tier: 'batch' })?.input).toBe(0.5);
    expect(priceFor(prices, { ...call, tier: 'priority' })).toBeUndefined();
    expect(priceFor(prices, call)?.input).toBe(1);
  });
});

it.each([
  ...['default', 'standard', 'auto', 'ON_DEMAND', 'on_demand', '', undefined].map((said) => [said, undefined]),
  ...['batch', 'flex', 'PRIORITY', 'scale'].map((said) => [said, said.toLowerCase()]),
])('takes the word %s of a provider for the tier %s', (said, tier) => {
  expect(tierOf(said)).toBe(tier);
});
