import { describe, expect, it } from 'vitest';
import { type Model, openAICompatible } from '../../../src/index.ts';
import { priceBook } from '../../../src/ledger/price-book.ts';
import { describePlan, isLarge, planDollars } from '../../../src/tools/cli/confirm-cost.ts';
import { planDigest } from '../../../src/tools/digest/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const SHORT = 'The kettle boils water for tea.';
const LONG = 'Rivers carry water from the hills to the sea. '.repeat(50);
const plan = (files: Record<string, string>) => planDigest(tempFolder(files), {});
const model = (id: string, provider = 'openai'): Model =>
  openAICompatible({ model: id, provider, baseURL: 'http://127.0.0.1:1' });

describe('what a digest will cost', () => {
  it('is counted before anything is sent: equal texts once, and one call for the whole', async () => {
    const { files, small, large } = await plan({ 'a.md': SHORT, 'b.md': SHORT, 'c.md': LONG });
    expect([files, small.calls, large.calls]).toEqual([3, 1, 2]);
    expect(large.inputTokens).toBeGreaterThan(LONG.length / 5);
  });

  it('is in dollars of the price list, and unknown when one of the models has no price', async () => {
    const counted = await plan({ 'a.md': SHORT, 'c.md': LONG });
    const models = { small: model('gpt-4o-mini'), large: model('gpt-4o') };
    expect(await planDollars(counted, models)).toBeGreaterThan(0.001);
    expect(await planDollars(counted, models)).toBeLessThan(0.05);
    expect(await planDollars(counted, { ...models, small: model('own', 'home') })).toBeUndefined();
    const own = priceBook({ prices: { 'home/own': { input: 1_000, output: 1_000 } } });
    expect(await planDollars(counted, { ...models, small: model('own', 'home') }, own)).toBeGreaterThan(0.01);
    expect(describePlan(counted, 0.004)).toMatch(
      /^2 files, 3 model calls, about [\d,]+ tokens in and 390 out, less than \$0\.01$/,
    );
    expect(describePlan(counted, undefined)).toMatch(/at a price that is not known$/);
  });

  it('is asked for above 100 calls, 100,000 tokens or 10 cents', async () => {
    const small = await plan({ 'a.md': SHORT });
    expect(isLarge(small)).toBe(false);
    expect(isLarge(small, 0.11)).toBe(true);
    expect(
      isLarge(await plan(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${i}.md`, `${SHORT} ${i}`])))),
    ).toBe(true);
    expect(
      isLarge(
        await plan({ 'a.md': Array.from({ length: 90 }, (_, i) => `${i} ${'word '.repeat(1_100)}`).join('\n\n') }),
      ),
    ).toBe(true);
  });
});
