/** The prices of an author, ready to look up. */
import { keysOf, withoutDate } from './model-names.ts';
import type { Price, PriceTable } from './price.ts';

export interface PriceOptions {
  /**
   * Your own prices in US dollars per million tokens, used before all others; `catalogue` leaves out the reference prices
   * too. @default the reference prices, then the catalogue
   */
  readonly prices?: PriceTable | 'catalogue' | undefined;
  /**
   * The model that has the price of a deployment or of a model on a server of your own:
   * `{ 'my-deployment': 'gpt-4o', 'litellm/fast': 'openai/gpt-4o-mini' }`. @default none
   */
  readonly priceAs?: Readonly<Record<string, string>> | undefined;
  /**
   * What a call of a service tier costs, as a multiple of the standard price, where there is no price for the tier:
   * `{ batch: 0.5 }`, or for one provider `{ 'openai/flex': 0.5 }`. @default such a call is unpriced
   */
  readonly tierFactors?: Readonly<Record<string, number>> | undefined;
  /** The most US dollars that a reply may state as its own cost, to be believed. @default 1000 */
  readonly maxDollarsPerCall?: number | undefined;
}

export interface PriceBook {
  /** The first comes first. */
  readonly layers: readonly PriceLayer[];
  /** Whether the reference prices count. */
  readonly references: boolean;
  readonly maxDollarsPerCall: number;
  /** What was looked up before. */
  readonly found: Map<string, Lookup>;
}

interface PriceLayer {
  readonly prices: ReadonlyMap<string, readonly Price[]>;
  readonly priceAs: ReadonlyMap<string, string>;
  readonly tierFactors: ReadonlyMap<string, number>;
}

const MAX_DOLLARS_PER_CALL = 1000;

export const EMPTY_BOOK: PriceBook = {
  layers: [],
  references: true,
  maxDollarsPerCall: MAX_DOLLARS_PER_CALL,
  found: new Map(),
};

/** The prices of an author, before those of another book. The options have been checked. */
export function priceBook(options: PriceOptions, under: PriceBook = EMPTY_BOOK): PriceBook {
  const { prices = {}, priceAs = {}, tierFactors = {}, maxDollarsPerCall = under.maxDollarsPerCall } = options;
  const layer: PriceLayer = {
    prices: new Map(Object.entries(prices === 'catalogue' ? {} : prices).map(([key, price]) => [key, [price].flat()])),
    priceAs: new Map(Object.entries(priceAs)),
    tierFactors: new Map(Object.entries(tierFactors).map(([key, factor]) => [key.toLowerCase(), factor])),
  };
  return {
    layers: [layer, ...under.layers],
    references: under.references && prices !== 'catalogue',
    maxDollarsPerCall,
    found: new Map(),
  };
}

/** A model whose price is asked for. */
export interface Candidate {
  /** `undefined`: the provider that makes the model. */
  readonly provider: string | undefined;
  readonly model: string;
}

/** Where the price of a call stands. */
export interface Lookup {
  /** The author's prices with the names that they stand under, the first first. */
  readonly own: readonly (readonly [name: string, prices: readonly Price[]])[];
  /** The models that are looked up in public prices, the first first. */
  readonly models: readonly Candidate[];
}

export interface Names {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, ... */
  readonly provider: string;
  readonly askedModel?: string | undefined;
  readonly answeredModel?: string | undefined;
}

/** A program calls few models, but a server may answer with any name. */
const MOST_LOOKUPS = 500;
const LONGEST_NAME = 256;

/** Looks up the names of a call: the model that answered, then the one that was asked for. */
export function lookUp({ provider, answeredModel, askedModel }: Names, book: PriceBook): Lookup {
  const said = [...new Set([answeredModel, askedModel])].filter(isName);
  const key = [provider, ...said].join('\n');
  const known = book.found.get(key);
  if (known !== undefined) return known;
  const found = search(provider, said, book);
  if (book.found.size < MOST_LOOKUPS) book.found.set(key, found);
  return found;
}

/** A server, or a model that a user has written, may say anything. */
function isName(model: unknown): model is string {
  return typeof model === 'string' && model !== '' && model.length <= LONGEST_NAME;
}

/** Where the author says which model's price a model has, no other name of the call is tried. */
function search(provider: string, said: readonly string[], { layers }: PriceBook): Lookup {
  const names = [...said, ...said.map(withoutDate)];
  const own: [string, readonly Price[]][] = [];
  for (const { prices, priceAs } of layers) {
    for (const key of names.flatMap((name) => keysOf(provider, name))) {
      const price = prices.get(key);
      const target = priceAs.get(key);
      if (price !== undefined) own.push([key, price]);
      else if (target !== undefined) {
        const models = targets(provider, target);
        return { own: [...own, ...pricesOf(models, provider, layers)], models };
      }
    }
  }
  return { own, models: said.map((model) => ({ provider, model })) };
}

/** `openai/gpt-4o` may be a model of OpenAI, or a router's own name. */
function targets(provider: string, target: string): readonly Candidate[] {
  const slash = target.indexOf('/');
  const own = { provider, model: target };
  return slash < 0
    ? [own, { provider: undefined, model: target }]
    : [own, { provider: target.slice(0, slash), model: target.slice(slash + 1) }];
}

function pricesOf(models: readonly Candidate[], around: string, layers: readonly PriceLayer[]): Lookup['own'] {
  const keys = models.flatMap(({ provider = around, model }) => keysOf(provider, model));
  return layers.flatMap(({ prices }) =>
    [...new Set(keys)].flatMap((key) => {
      const price = prices.get(key);
      return price === undefined ? [] : [[key, price] as const];
    }),
  );
}
