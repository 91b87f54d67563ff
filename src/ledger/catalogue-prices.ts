/**
 * The arithmetic of the price catalogue for the usual calls: a tenth of the time that its own needs, which checks the units
 * and their parts again with each call. The same to the last bit. What is not usual is left to the catalogue.
 */
import type { ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import type { SoundUsage } from './usage.ts';

/** The prices in force; `undefined` where they depend on the time of the day, or the time is not known. */
export function pricesAt(prices: ModelInfo['prices'], at: number): ModelPrice | undefined {
  if (!Array.isArray(prices)) return prices;
  if (Number.isNaN(new Date(at).getTime())) return undefined;
  for (const { constraint, prices: each } of prices.toReversed()) {
    if (constraint === undefined) return each;
    if (constraint.type !== 'start_date') return undefined;
    if (at >= Date.parse(constraint.start_date)) return each;
  }
  return undefined;
}

/** `undefined` where the call has parts, or the model has prices, that are not usual. */
export function plainDollars(prices: ModelPrice, usage: SoundUsage): number | undefined {
  if (usage.inputAudioTokens + usage.outputAudioTokens + usage.outputImageTokens + usage.webSearches > 0)
    return undefined;
  let input = 0;
  let output = 0;
  for (const unit in prices) {
    const price = prices[unit];
    if (price === undefined) continue;
    switch (unit) {
      case 'input_mtok':
        input += dollarsOf(price, uncached(prices, usage), usage);
        break;
      case 'cache_read_mtok':
        input += dollarsOf(price, usage.cachedInputTokens, usage);
        break;
      case 'cache_write_mtok':
        input += dollarsOf(price, usage.cacheWriteTokens, usage);
        break;
      case 'cache_write_1h_mtok':
        if (usage.cacheWrite1hTokens > 0) return undefined;
        break;
      case 'output_mtok':
        output += dollarsOf(price, usage.outputTokens, usage);
        break;
      case 'output_reasoning_mtok':
        if (usage.reasoningTokens > 0) return undefined;
        break;
      case 'requests_kcount':
        return undefined;
    }
  }
  return input + output;
}

/** Cached tokens without a price of their own have the price of the others. */
function uncached(prices: ModelPrice, { inputTokens, cachedInputTokens, cacheWriteTokens }: SoundUsage): number {
  const read = prices.cache_read_mtok === undefined ? 0 : cachedInputTokens;
  const written = prices.cache_write_mtok === undefined ? 0 : cacheWriteTokens;
  return inputTokens - (read + written);
}

/** @param price for a million tokens, and another one for calls with more input than a limit */
function dollarsOf(price: NonNullable<ModelPrice[string]>, tokens: number, { inputTokens }: SoundUsage): number {
  if (typeof price === 'number') return (price * tokens) / 1_000_000;
  let { base } = price;
  for (const { start, price: above } of price.tiers) if (inputTokens > start) base = above;
  return (((base * tokens) / 1_000_000) * 1_000_000) / 1_000_000;
}
