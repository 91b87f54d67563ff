/** The price of a call, by all that is known about prices. */
import { type Catalogue, loadCatalogue, loadedCatalogue } from './catalogue.ts';
import type { PriceOrigin } from './charge.ts';
import { keysOf, plainModel, withoutDate } from './model-names.ts';
import { dollarsAt, type Price, priceFor, REFERENCE_PRICES, tierOf } from './price.ts';
import { type Lookup, lookUp, type Names, type PriceBook } from './price-book.ts';
import { type SoundUsage, soundUsage, type Usage } from './usage.ts';

/** The facts of a call that its price depends on. */
export interface PricedCall extends Names {
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
  if (!usage) return undefined;
  const sound = soundUsage(usage);
  const { own, models } = lookUp(call, book);
  const byAuthor = authorsPrice(own, call, sound, book);
  if (byAuthor !== undefined) return byAuthor;
  const catalogue = loadedCatalogue();
  return catalogue === undefined && needsCatalogue(models, call, book)
    ? loadCatalogue().then((later) => publicPrice(models, call, sound, book, later))
    : publicPrice(models, call, sound, book, catalogue);
}

/** Not where the first name that is looked up has a reference price: the reply to a call does not wait for nothing. */
function needsCatalogue([first]: Lookup['models'], call: PricedCall, book: PriceBook): boolean {
  const name = first && referenceName(first.provider, first.model, call);
  return name === undefined || !book.references || !REFERENCES.has(name);
}

function isBelievable(dollars: number | undefined, { maxDollarsPerCall }: PriceBook): dollars is number {
  return typeof dollars === 'number' && dollars >= 0 && dollars <= maxDollarsPerCall;
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

function authorsPrice(own: Lookup['own'], call: PricedCall, usage: SoundUsage, book: PriceBook): Priced | undefined {
  for (const [name, prices] of own) {
    const dollars = tableDollars(prices, call, usage, book);
    if (dollars !== undefined) return { dollars, pricedBy: 'author', name };
  }
  return undefined;
}

const REFERENCES: ReadonlyMap<string, Price> = new Map(Object.entries(REFERENCE_PRICES));

function publicPrice(
  models: Lookup['models'],
  call: PricedCall,
  usage: SoundUsage,
  book: PriceBook,
  catalogue: Catalogue | undefined,
): Priced | undefined {
  const factor = tierFactor(call, book);
  if (factor === undefined) return undefined;
  for (const candidate of models) {
    const { model, provider = catalogue?.makerOf(model) } = candidate;
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
function tierFactor({ provider, serviceTier }: TieredCall, book: PriceBook): number | undefined {
  const tier = tierOf(serviceTier);
  if (tier === undefined) return 1;
  for (const { tierFactors } of book.layers) {
    const key = keysOf(provider, tier).find((each) => tierFactors.has(each));
    if (key !== undefined) return tierFactors.get(key);
  }
  return undefined;
}

type TieredCall = Pick<PricedCall, 'provider' | 'serviceTier'>;

/** The service tiers that the author has a multiple for. */
export function factoredTiers({ provider }: TieredCall, book: PriceBook): readonly string[] {
  const keys = book.layers.flatMap(({ tierFactors }) => [...tierFactors.keys()]);
  return keys
    .map((key) => key.slice(key.lastIndexOf('/') + 1))
    .filter((serviceTier) => tierFactor({ provider, serviceTier }, book) !== undefined);
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
