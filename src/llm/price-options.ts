/** The rules for options about prices. */
import { fail, type Rule, type Rules } from '../core/check.ts';
import { number, object, optional, recordOf, word } from '../core/rules.ts';
import { isPlain } from '../core/show.ts';
import { type Price, type PriceTable, tierOf } from '../ledger/price.ts';
import type { PriceOptions } from '../ledger/price-book.ts';

const dollars = number({ min: 0 });

/** A day, or a moment: `2026-01-31`, `2026-01-31T18:00:00Z`. */
const date: Rule<string> = (where, option, value) => {
  const [, day] = /^(\d{4}-\d\d-\d\d)(?:T.*(?:Z|[+-]\d\d:\d\d))?$/.exec(typeof value === 'string' ? value : '') ?? [];
  // The 30th of February would be taken for the 2nd of March.
  const isDay = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  if (!isDay || Number.isNaN(Date.parse(value as string)))
    fail(where, option, "must be a date such as '2026-01-31'", value);
};

const price: Rule<Price> = object({
  input: dollars,
  output: dollars,
  cachedInput: optional(dollars),
  cacheWrite: optional(dollars),
  cacheWrite1h: optional(dollars),
  inputAudio: optional(dollars),
  outputAudio: optional(dollars),
  outputImage: optional(dollars),
  webSearches: optional(dollars),
  tier: optional(word),
  above: optional(number({ min: 0 })),
  from: optional(date),
});

/** One price, or several that differ in their conditions. */
const priceOrPrices: Rule<Price | readonly Price[]> = (where, option, value) => {
  if (!Array.isArray(value)) {
    price(where, option, value);
    return;
  }
  if (value.length === 0) fail(where, option, 'must have a price', value);
  const conditions = new Set<string>();
  for (const [index, each] of value.entries()) {
    price(where, `${option}[${index}]`, each);
    const { tier, above = 0, from = '' } = each as Price;
    conditions.add(JSON.stringify([tierOf(tier), above, from]));
  }
  if (conditions.size < value.length) fail(where, option, 'must have prices that differ in tier, above or from', value);
};

const table: Rule<PriceTable> = recordOf(priceOrPrices);

export const optionalPrices: Rule<PriceTable | 'catalogue' | undefined> = (where, option, value) => {
  if (value === undefined || value === 'catalogue') return;
  if (!isPlain(value)) {
    fail(
      where,
      option,
      "must be 'catalogue' or an object such as { 'openai/gpt-4o': { input: 2.5, output: 10 } }",
      value,
    );
  }
  table(where, option, value);
};

export const PRICE_RULES: Rules<PriceOptions> = {
  prices: optionalPrices,
  priceAs: optional(recordOf(word)),
  tierFactors: optional(recordOf(dollars)),
  maxDollarsPerCall: optional(dollars),
};
