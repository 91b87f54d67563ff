/** The price of a call, by all that is known about prices. */
import { type Catalogue, loadCatalogue, loadedCatalogue } from './catalogue.ts';
import type { PriceOrigin } from './charge.ts';
import { keysOf, plainModel, withoutDate } from './model-names.ts';
import { dollarsAt, type Price, type PriceTable, priceFor, REFERENCE_PRICES, tierOf } from './price.ts';
import { type SoundUsage, soundUsage, type Usage } from './usage.ts';

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

/** The author's prices, ready to look up. The first layer comes first. */
export interface PriceBook {
  readonly layers: readonly PriceLayer[];
  readonly references: boolean;
  readonly maxDollarsPerCall: number;
}

interface PriceLayer {
  readonly prices: ReadonlyMap<string, readonly Price[]>;
  readonly priceAs: ReadonlyMap<string, string>;
  readonly tierFactors: ReadonlyMap<string, number>;
}

const MAX_DOLLARS_PER_CALL = 1000;

export const EMPTY_BOOK: PriceBook = { layers: [], references: true, maxDollarsPerCall: MAX_DOLLARS_PER_CALL };

/** The prices of an author, before those of another book. The options have been checked. */
export function priceBook(options: PriceOptions, under: PriceBook = EMPTY_BOOK): PriceBook {
  const { prices = {}, priceAs = {}, tierFactors = {}, maxDollarsPerCall = under.maxDollarsPerCall } = options;
  const layer: PriceLayer = {
    prices: new Map(Object.entries(prices === 'catalogue' ? {} : prices).map(([key, price]) => [key, [price].flat()])),
    priceAs: new Map(Object.entries(priceAs)),
    tierFactors: new Map(Object.entries(tierFactors)),
  };
  return {
    layers: [layer, ...under.layers],
    references: under.references && prices !== 'catalogue',
    maxDollarsPerCall,
  };
}

/** The facts of a call that its price depends on. */
export interface PricedCall {
  /** The provider after the GenAI conventions: `openai`, `anthropic`, ... */
  readonly provider: string;
  readonly askedModel?: string | undefined;
  readonly answeredModel?: string | undefined;
  /** `undefined`: not known. */
  readonly usage: Usage | undefined;
  readonly serviceTier?: string | undefined;
  /** US dollars, where a server that is believed has said them. */
  readonly statedDollars?: number | undefined;
  /** When the call ended, in milliseconds since 1970. */
  readonly at: number;
}

export interface Priced {
  readonly dollars: number;
  readonly pricedBy: PriceOrigin;
  /** The name under which the price was found, `undefined` where the reply stated the dollars. */
  readonly name: string | undefined;
}

/**
 * The dollars of a call: as the reply states them; else by the author's prices, the reference prices or the catalogue, by the
 * model that answered and then the one that was asked for. `undefined`: not known, which is not 0. A Promise only while the
 * catalogue is needed and not loaded.
 */
export function priceCall(call: PricedCall, book: PriceBook): Priced | undefined | Promise<Priced | undefined> {
  const { statedDollars, usage } = call;
  if (isBelievable(statedDollars, book)) return { dollars: statedDollars, pricedBy: 'reply', name: undefined };
  if (usage === undefined) return undefined;
  const sound = soundUsage(usage);
  const byAuthor = authorsPrice(call, sound, book);
  if (byAuthor !== undefined) return byAuthor;
  const catalogue = loadedCatalogue();
  return catalogue === undefined
    ? loadCatalogue().then((later) => publicPrice(call, sound, book, later))
    : publicPrice(call, sound, book, catalogue);
}

function isBelievable(dollars: number | undefined, { maxDollarsPerCall }: PriceBook): dollars is number {
  return typeof dollars === 'number' && dollars >= 0 && dollars <= maxDollarsPerCall;
}

/** Resolves when `priceCall` needs to wait no more, or the catalogue cannot be loaded. */
export async function catalogueReady(): Promise<void> {
  await loadCatalogue();
}

/**
 * The label of a model that only a reply has named; `undefined` where neither the author's prices nor the catalogue, once it
 * is loaded, know it. There is no end of names that a server can say, and there must be one of labels.
 */
export function knownModel(provider: string, model: string, book: PriceBook): string | undefined {
  const keys = keysOf(provider, model);
  const isOwn = book.layers.some(({ prices, priceAs }) => keys.some((key) => prices.has(key) || priceAs.has(key)));
  return isOwn || keys.some((key) => REFERENCES.has(key)) ? model : loadedCatalogue()?.nameOf(provider, model);
}

/** All that the author has said about the price of a call, the first first. */
export function* ownPrices(call: PricedCall, book: PriceBook): Iterable<[name: string, prices: readonly Price[]]> {
  const models = candidates(call, book);
  const named = [...models, ...models.map(({ provider, model }) => ({ provider, model: withoutDate(model) }))];
  for (const { provider = call.provider, model } of named) {
    for (const { prices } of book.layers) {
      for (const key of keysOf(provider, model)) {
        const own = prices.get(key);
        if (own !== undefined) yield [key, own];
      }
    }
  }
}

function authorsPrice(call: PricedCall, usage: SoundUsage, book: PriceBook): Priced | undefined {
  for (const [name, prices] of ownPrices(call, book)) {
    const dollars = tableDollars(prices, call, usage, book);
    if (dollars !== undefined) return { dollars, pricedBy: 'author', name };
  }
  return undefined;
}

const REFERENCES: ReadonlyMap<string, Price> = new Map(Object.entries(REFERENCE_PRICES));

function publicPrice(
  call: PricedCall,
  usage: SoundUsage,
  book: PriceBook,
  catalogue: Catalogue | undefined,
): Priced | undefined {
  const factor = tierFactor(call, book);
  if (factor === undefined) return undefined;
  const models = candidates(call, book);
  for (const { provider, model } of models) {
    const name = referenceName(provider, model, call);
    const reference = book.references ? REFERENCES.get(name) : undefined;
    if (reference !== undefined) return { dollars: dollarsAt(reference, usage) * factor, pricedBy: 'reference', name };
    const found = catalogue?.price(provider, model, usage, call.at);
    if (found !== undefined) return { dollars: found.dollars * factor, pricedBy: 'catalogue', name: found.name };
  }
  return undefined;
}

/**
 * A model that answered with a date in its name has the reference price of the model that was asked for, or that it is a
 * version of. Who asks for a dated version has its own price.
 */
function referenceName(provider: string | undefined, model: string, { askedModel }: PricedCall): string {
  const family = withoutDate(model);
  const name = askedModel === undefined || askedModel === family ? family : model;
  return `${provider}/${plainModel(name)}`;
}

/** The standard price has the factor 1; `undefined` where nothing is known about a tier. */
function tierFactor({ provider, serviceTier }: PricedCall, book: PriceBook): number | undefined {
  const tier = tierOf(serviceTier);
  if (tier === undefined) return 1;
  for (const { tierFactors } of book.layers) {
    const factor = tierFactors.get(`${provider}/${tier}`) ?? tierFactors.get(tier);
    if (factor !== undefined) return factor;
  }
  return undefined;
}

/** The service tiers that the author has a multiple for. */
export function factoredTiers({ provider }: PricedCall, book: PriceBook): readonly string[] {
  const keys = book.layers.flatMap(({ tierFactors }) => [...tierFactors.keys()]);
  return keys
    .map((key) => (key.startsWith(`${provider}/`) ? key.slice(provider.length + 1) : key))
    .filter((key) => !key.includes('/'));
}

function tableDollars(
  prices: readonly Price[],
  call: PricedCall,
  usage: SoundUsage,
  book: PriceBook,
): number | undefined {
  const { inputTokens } = usage;
  const tier = tierOf(call.serviceTier);
  const ofTier = priceFor(prices, { tier, inputTokens, at: call.at });
  if (ofTier !== undefined) return dollarsAt(ofTier, usage);
  const factor = tierFactor(call, book);
  const standard = factor === undefined ? undefined : priceFor(prices, { tier: undefined, inputTokens, at: call.at });
  return standard === undefined || factor === undefined ? undefined : dollarsAt(standard, usage) * factor;
}

interface Candidate {
  /** `undefined`: whichever provider the model is known of. */
  readonly provider: string | undefined;
  readonly model: string;
}

/** The models that the price is looked up for. Where the author says which it is, nothing else is tried. */
function candidates(call: PricedCall, book: PriceBook): readonly Candidate[] {
  const { provider } = call;
  const said = [...new Set([call.answeredModel, call.askedModel])].filter(
    (model) => model !== undefined && model !== '',
  );
  const models = said as string[];
  for (const model of models) {
    for (const { priceAs } of book.layers) {
      for (const key of keysOf(provider, model)) {
        const target = priceAs.get(key);
        if (target !== undefined) return targets(provider, target);
      }
    }
  }
  return models.map((model) => ({ provider, model }));
}

/** `openai/gpt-4o` may be a model of OpenAI, or a router's own name. */
function targets(provider: string, target: string): readonly Candidate[] {
  const slash = target.indexOf('/');
  const own = { provider, model: target };
  return slash < 0
    ? [own, { provider: undefined, model: target }]
    : [own, { provider: target.slice(0, slash), model: target.slice(slash + 1) }];
}
