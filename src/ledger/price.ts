import type { SoundUsage } from './usage.ts';

/** US dollars per million tokens, and the calls that they are for. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. @default the input price */
  readonly cachedInput?: number | undefined;
  /** Input written to the provider's cache, for 5 minutes where there are several durations. @default the input price */
  readonly cacheWrite?: number | undefined;
  /** Input written to the provider's cache for an hour. @default twice the input price, as at Anthropic */
  readonly cacheWrite1h?: number | undefined;
  /** Input that is sound. @default the input price */
  readonly inputAudio?: number | undefined;
  /** Output that is sound. @default the output price */
  readonly outputAudio?: number | undefined;
  /** Output that is pictures. @default the output price */
  readonly outputImage?: number | undefined;
  /** A thousand searches on the web that the provider made for the reply. @default 10, as at Anthropic */
  readonly webSearches?: number | undefined;
  /** The service tier that this price is for: `batch`, `flex`, `priority`. @default the standard tier */
  readonly tier?: string | undefined;
  /** The price is for calls with more input tokens than this. @default 0 */
  readonly above?: number | undefined;
  /** The date of the first call with this price, `2026-01-31`, in UTC. @default always */
  readonly from?: string | undefined;
}

/**
 * Prices by `provider/model`, or by the model's name alone if the price is the same at every provider. Several prices of a
 * model differ in `tier`, `above` or `from`.
 */
export type PriceTable = Readonly<Record<string, Price | readonly Price[]>>;

/**
 * The prices that existing dashboards use, each for one provider: a model of the same name may cost something else at
 * another provider. They are not always today's list prices.
 */
export const REFERENCE_PRICES = Object.freeze({
  'openai/gpt-4': { input: 30, output: 60 },
  'openai/gpt-3.5-turbo': { input: 1.5, output: 2 },
  'anthropic/claude-3-opus': { input: 15, output: 75 },
} as const satisfies PriceTable);

/** What decides which price of a model a call has. */
export interface PriceCondition {
  /** `undefined`: the standard tier. */
  readonly tier: string | undefined;
  readonly inputTokens: number;
  /** When the call ended, in milliseconds since 1970. */
  readonly at: number;
}

/** The price of a call: the newest that was in force, and of those the one for the longest input. */
export function priceFor(prices: readonly Price[], call: PriceCondition): Price | undefined {
  return prices
    .filter(({ tier, above = 0, from }) => {
      const isInForce = from === undefined || Date.parse(from) <= call.at;
      return isInForce && tierOf(tier) === call.tier && (above === 0 || call.inputTokens > above);
    })
    .reduce<Price | undefined>(
      (best, price) => (best === undefined || overrides(price, best) ? price : best),
      undefined,
    );
}

function overrides(price: Price, other: Price): boolean {
  const [start, otherStart] = [startOf(price.from), startOf(other.from)];
  return start === otherStart ? (price.above ?? 0) > (other.above ?? 0) : start > otherStart;
}

function startOf(from: string | undefined): number {
  return from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from);
}

const STANDARD = ['', 'standard', 'standard_only', 'default', 'auto', 'on_demand', 'on-demand'];

/** The service tier of a call or a price, `undefined` for what costs the standard price. Providers' words differ. */
export function tierOf(said: string | undefined): string | undefined {
  const tier = typeof said === 'string' ? said.trim().toLowerCase() : '';
  return STANDARD.includes(tier) ? undefined : tier;
}

/** The dollars of a call at a price. Sound that was read from a cache has the price of what was read from a cache. */
export function dollarsAt(price: Price, usage: SoundUsage): number {
  const { input, output } = price;
  const { cachedInput = input, cacheWrite = input, cacheWrite1h = 2 * input } = price;
  const { inputAudio = input, outputAudio = output, outputImage = output, webSearches = 10 } = price;
  const uncached = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const uncachedAudio = Math.min(usage.inputAudioTokens, uncached);
  const perMillion =
    (uncached - uncachedAudio) * input +
    uncachedAudio * inputAudio +
    usage.cachedInputTokens * cachedInput +
    (usage.cacheWriteTokens - usage.cacheWrite1hTokens) * cacheWrite +
    usage.cacheWrite1hTokens * cacheWrite1h +
    (usage.outputTokens - usage.outputAudioTokens - usage.outputImageTokens) * output +
    usage.outputAudioTokens * outputAudio +
    usage.outputImageTokens * outputImage;
  return perMillion / 1_000_000 + (usage.webSearches * webSearches) / 1_000;
}
