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

/** Prices by `provider/model`, or by the model's name alone if the price is the same at every provider. */
export type PriceTable = Readonly<Record<string, Price>>;

/** The facts of a call that its price depends on. */
export interface PricedCall {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, ... */
  readonly provider: string;
  /** The model's name, such as `gpt-4`. */
  readonly model: string;
  readonly usage: Usage;
}

/** Gives the US dollars of a call, `undefined` when the price is not known. */
export type PriceSource = (call: PricedCall) => number | undefined;

/**
 * The prices that existing dashboards use, each for one provider: a model of the same name may cost something else at
 * another provider. They are not always today's list prices.
 */
export const REFERENCE_PRICES = Object.freeze({
  'openai/gpt-4': { input: 30, output: 60 },
  'openai/gpt-3.5-turbo': { input: 1.5, output: 2 },
  'anthropic/claude-3-opus': { input: 15, output: 75 },
} as const satisfies PriceTable);

/** Dollars by a table of the author's, whose keys may be a model's name alone. */
export function tablePrices(table: PriceTable): PriceSource {
  const prices = new Map(Object.entries(table));
  return pricesBy(({ provider, model }) => prices.get(`${provider}/${model}`) ?? prices.get(model));
}

const REFERENCES: ReadonlyMap<string, Price> = new Map(Object.entries(REFERENCE_PRICES));

/** Dollars by the reference prices. A router's model that is itself called `openai/gpt-4` is a model of that router. */
export const referencePrices: PriceSource = pricesBy(({ provider, model }) => REFERENCES.get(`${provider}/${model}`));

function pricesBy(priceOf: (call: PricedCall) => Price | undefined): PriceSource {
  return (call) => {
    const price = priceOf(call);
    return price === undefined ? undefined : dollars(price, soundUsage(call.usage));
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

/** Gives the price of the first source that has one. */
export function firstPrice(...sources: readonly PriceSource[]): PriceSource {
  return (call) => {
    for (const source of sources) {
      const price = source(call);
      if (price !== undefined) return price;
    }
    return undefined;
  };
}
