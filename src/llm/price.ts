/** What a call costs. Pure: usage and prices in, dollars out. */
import { soundUsage, type Usage } from './model.ts';

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input read from the provider's cache. @default the input price */
  readonly cachedInput?: number | undefined;
  /** Input written to the provider's cache. @default the input price */
  readonly cacheWrite?: number | undefined;
}

/** Prices by model, or by `provider/model` where one name means two things. */
export type PriceTable = Readonly<Record<string, Price>>;

/** US dollars for this usage of this model, `undefined` where the price is not known. */
export type PriceSource = (call: {
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
}) => number | undefined;

/** The prices that dashboards have been built on. They are not always today's list price. */
export const REFERENCE_PRICES: PriceTable = Object.freeze({
  'gpt-4': { input: 30, output: 60 },
  'gpt-3.5-turbo': { input: 1.5, output: 2 },
  'claude-3-opus': { input: 15, output: 75 },
});

/** Dollars by a table of one's own. */
export function tablePrices(table: PriceTable): PriceSource {
  const prices = new Map(Object.entries(table));
  return ({ provider, model, usage }) => {
    const price = prices.get(`${provider}/${model}`) ?? prices.get(model);
    return price === undefined ? undefined : dollars(price, usage);
  };
}

function dollars(price: Price, usage: Usage): number {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens } = soundUsage(usage);
  const plain = inputTokens - cachedInputTokens - cacheWriteTokens;
  const { input, output, cachedInput = input, cacheWrite = input } = price;
  const perMillion =
    plain * input + cachedInputTokens * cachedInput + cacheWriteTokens * cacheWrite + outputTokens * output;
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
