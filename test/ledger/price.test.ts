import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstPrice, referencePrices, tablePrices } from '../../src/ledger/price.ts';

const usage = { inputTokens: 1_000, outputTokens: 1_000 };

describe('the price of a call', () => {
  it.each([
    ['openai', 'gpt-4', 0.09],
    ['openai', 'gpt-3.5-turbo', 0.0035],
    ['anthropic', 'claude-3-opus', 0.09],
  ])('is %s %s by the reference prices %d dollars', (provider, model, dollars) => {
    expect(referencePrices({ provider, model, usage })).toBeCloseTo(dollars, 12);
  });

  it.each(['localhost', 'openrouter', 'azure.ai.openai', ''])(
    "is unknown for a model of the provider '%s' that has the name of a reference model",
    (provider) => {
      expect(referencePrices({ provider, model: 'gpt-4', usage })).toBeUndefined();
    },
  );

  it('is unknown for a model of a router that has the name of provider and model', () => {
    expect(referencePrices({ provider: 'openrouter', model: 'openai/gpt-4', usage })).toBeUndefined();
  });

  it('is that of the provider where a table has the model with and without it', () => {
    const price = tablePrices({ m: { input: 1, output: 1 }, 'here/m': { input: 2, output: 2 } });
    expect(price({ provider: 'here', model: 'm', usage })).toBeCloseTo(0.004, 12);
    expect(price({ provider: 'there', model: 'm', usage })).toBeCloseTo(0.002, 12);
  });

  it('counts cached and written tokens at their own prices, else at that of the input', () => {
    const call = {
      provider: 'p',
      model: 'm',
      usage: { inputTokens: 1_000, cachedInputTokens: 600, cacheWriteTokens: 100, outputTokens: 10 },
    };
    const price = { input: 10, output: 100, cachedInput: 1, cacheWrite: 20 };
    expect(tablePrices({ m: price })(call)).toBeCloseTo((300 * 10 + 600 * 1 + 100 * 20 + 10 * 100) / 1e6, 12);
    expect(tablePrices({ m: { input: 10, output: 100 } })(call)).toBeCloseTo((1_000 * 10 + 10 * 100) / 1e6, 12);
  });

  it('is never negative nor NaN, whatever the usage says', () => {
    const count = fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined });
    const anyUsage = fc.record({
      inputTokens: count,
      outputTokens: count,
      cachedInputTokens: count,
      cacheWriteTokens: count,
      reasoningTokens: count,
    });
    const price = tablePrices({ m: { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75 } });
    fc.assert(
      fc.property(anyUsage, (given) => {
        expect(price({ provider: 'p', model: 'm', usage: given as never })).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is that of the first source that knows it', () => {
    const [a, b] = [tablePrices({ a: { input: 1, output: 1 } }), tablePrices({ a: { input: 9, output: 9 } })];
    expect(firstPrice(a, b)({ provider: 'p', model: 'a', usage })).toBeCloseTo(0.002, 12);
    expect(firstPrice(tablePrices({}), b)({ provider: 'p', model: 'a', usage })).toBeCloseTo(0.018, 12);
    expect(firstPrice()({ provider: 'p', model: 'a', usage })).toBeUndefined();
  });
});
