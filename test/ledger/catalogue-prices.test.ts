import { calcPrice, type ModelInfo, waitForUpdate } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainDollars, pricesAt } from '../../src/ledger/catalogue-prices.ts';
import { type SoundUsage, soundUsage } from '../../src/ledger/usage.ts';

const providers = (await waitForUpdate()) ?? [];
const all = providers.flatMap((provider) => provider.models.map((model) => ({ provider, model })));

function theirs({ provider, model }: (typeof all)[number], usage: SoundUsage, at: number) {
  const parts = {
    cache_read_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    cache_write_1h_tokens: usage.cacheWrite1hTokens,
    output_reasoning_tokens: usage.reasoningTokens,
  };
  const said = Object.fromEntries(Object.entries(parts).filter(([, tokens]) => tokens > 0));
  const units = { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, ...said };
  return calcPrice(units, 'any', {
    provider: { ...provider, models: [{ ...model, match: { contains: 'any' } }] },
    timestamp: new Date(at),
  });
}

const tokens = fc.oneof(fc.nat(3), fc.nat(20_000), fc.nat(2_000_000), fc.constantFrom(128_000, 200_000, 272_000));
const usages = fc
  .record(
    {
      inputTokens: tokens,
      outputTokens: tokens,
      cachedInputTokens: tokens,
      cacheWriteTokens: tokens,
      cacheWrite1hTokens: tokens,
      reasoningTokens: tokens,
    },
    { requiredKeys: ['inputTokens', 'outputTokens'] },
  )
  .map(soundUsage);
const days = fc.integer({ min: Date.parse('2023-01-01'), max: Date.parse('2028-01-01') });

it('has the very dollars of the catalogue for each of its models, at any date', () => {
  let plain = 0;
  let runs = 0;
  for (const each of all) {
    fc.assert(
      fc.property(usages, days, (usage, at) => {
        const prices = pricesAt(each.model.prices, at);
        const dollars = prices === undefined ? undefined : plainDollars(prices, usage);
        runs += 1;
        if (dollars === undefined) return;
        plain += 1;
        const expected = theirs(each, usage, at);
        expect(dollars).toBe(expected?.total_price);
        expect(prices).toBe(expected?.model_price);
      }),
      { numRuns: 25 },
    );
  }
  expect(all.length).toBeGreaterThan(1_000);
  expect(plain / runs).toBeGreaterThan(0.8);
});

const everyDay = (prices: ModelInfo['prices']) => pricesAt(prices, Date.parse('2026-11-26T12:00:00Z'));

it('leaves prices by the time of the day, and times that are none, to the catalogue', () => {
  const [night, day] = [{ input_mtok: 1 }, { input_mtok: 2 }];
  const hours = { type: 'time_of_date', start_time: '16:30:00Z', end_time: '00:30:00Z' } as const;
  expect(everyDay([{ prices: day }, { constraint: hours, prices: night }])).toBeUndefined();
  const later = { type: 'start_date', start_date: '2026-11-26' } as const;
  expect(everyDay([{ prices: night }, { constraint: later, prices: day }])).toBe(day);
  expect(pricesAt([{ prices: night }, { constraint: later, prices: day }], Number.NaN)).toBeUndefined();
});

it.each([
  ['inputAudioTokens', { input_mtok: 1, output_mtok: 1 }],
  ['outputAudioTokens', { input_mtok: 1, output_mtok: 1 }],
  ['outputImageTokens', { input_mtok: 1, output_mtok: 1 }],
  ['webSearches', { input_mtok: 1, output_mtok: 1 }],
  ['reasoningTokens', { input_mtok: 1, output_mtok: 1, output_reasoning_mtok: 2 }],
  ['cacheWrite1hTokens', { input_mtok: 1, output_mtok: 1, cache_write_mtok: 2, cache_write_1h_mtok: 3 }],
  ['inputTokens', { input_mtok: 1, output_mtok: 1, requests_kcount: 5 }],
] as const)('leaves %s that have a price of their own to the catalogue', (part, prices) => {
  const usage = soundUsage({ inputTokens: 9, outputTokens: 9, cacheWriteTokens: 9, [part]: 9 });
  expect(plainDollars(prices, usage)).toBeUndefined();
});
