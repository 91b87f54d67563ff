import { type SoundUsage, soundUsage, type Usage } from './usage.ts';

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. @default the input price */
  readonly cachedInput?: number | undefined;
  /** Input written to the provider's cache. @default the input price */
  readonly cacheWrite?: number | undefined;
}

/** Prices by `provider/model`, or by the model's name alone where it means the same at every provider. */
export type PriceTable = Readonly<Record<string, Price>>;

/** One call as prices see it. */
export interface PricedCall {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, ... */
  readonly provider: string;
  /** The model's name, such as `gpt-4`. */
  readonly model: string;
  readonly usage: Usage;
}

/** US dollars of a call, `undefined` where the price is not known. */
export type PriceSource = (call: PricedCall) => number | undefined;

/**
 * The prices that dashboards have been built on, each for its own provider: a model of that name elsewhere does not cost
 * the same. They are not always today's list price.
 */
export const REFERENCE_PRICES = Object.freeze({
  'openai/gpt-4': { input: 30, output: 60 },
  'openai/gpt-3.5-turbo': { input: 1.5, output: 2 },
  'anthropic/claude-3-opus': { input: 15, output: 75 },
} as const satisfies PriceTable);

/** Dollars by a table. */
export function tablePrices(table: PriceTable): PriceSource {
  const prices = new Map(Object.entries(table));
  return ({ provider, model, usage }) => {
    const price = prices.get(`${provider}/${model}`) ?? prices.get(model);
    return price === undefined ? undefined : dollars(price, soundUsage(usage));
  };
}

function dollars(price: Price, usage: SoundUsage): number {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens } = usage;
  const uncached = inputTokens - cachedInputTokens - cacheWriteTokens;
  const { input, output, cachedInput = input, cacheWrite = input } = price;
  const perMillion =
    uncached * input + cachedInputTokens * cachedInput + cacheWriteTokens * cacheWrite + outputTokens * output;
  return perMillion / 1_000_000;
}

/** The first source that knows the price. */
export function firstPrice(...sources: readonly PriceSource[]): PriceSource {
  return (call) => {
    for (const source of sources) {
      const price = source(call);
      if (price !== undefined) return price;
    }
    return undefined;
  };
}
