/** What a model costs, as a list: measured with calls, so that it is what calls are charged. */
import { loadedCatalogue } from './catalogue.ts';
import type { PriceOrigin } from './charge.ts';
import { type Price, tierOf } from './price.ts';
import { lookUp, type PriceBook } from './price-book.ts';
import { factoredTiers, type PricedCall, priceCall } from './price-call.ts';
import { soundUsage, type Usage } from './usage.ts';

type Part = Exclude<keyof Price, 'tier' | 'above' | 'from'>;

/** US dollars per million tokens and per thousand searches, for the calls of one tier and length. `undefined`: not known. */
export interface ListedPrice extends Readonly<Record<Part, number | undefined>> {
  /** `undefined`: the standard tier. */
  readonly tier: string | undefined;
  readonly above: number;
  /** What each request costs beside its tokens. */
  readonly perRequest: number | undefined;
  readonly pricedBy: PriceOrigin;
  /** The name under which the price was found. */
  readonly name: string | undefined;
}

/** The prices of a model at one time. Empty: it has none. Call it when the catalogue is loaded. */
export function listPrices(
  call: Pick<PricedCall, 'provider' | 'askedModel' | 'at'>,
  book: PriceBook,
): readonly ListedPrice[] {
  const priced = { ...call, usage: undefined };
  const own = lookUp(priced, book).own.flatMap(([, prices]) => prices);
  const tiers = new Set([undefined, ...own.map(({ tier }) => tierOf(tier)), ...factoredTiers(priced, book)]);
  const listed = [...tiers].flatMap((tier) => {
    const ofTier = { ...priced, serviceTier: tier };
    const borders = new Set([0, ...own.map(({ above = 0 }) => above), ...catalogueBorders(ofTier, book)]);
    return [...borders].sort((a, b) => a - b).map((above) => measured(ofTier, above, book));
  });
  return listed.filter(
    (price, index): price is ListedPrice => price !== undefined && !isSame(price, listed[index - 1]),
  );
}

function catalogueBorders(call: PricedCall, book: PriceBook): readonly number[] {
  const name = charge(call, {}, book)?.name;
  const slash = name?.indexOf('/') ?? -1;
  if (name === undefined || slash < 0) return [];
  const usage = soundUsage({ inputTokens: 0, outputTokens: 0 });
  const found = loadedCatalogue()?.price(name.slice(0, slash), name.slice(slash + 1), usage, call.at);
  return Object.values(found?.prices ?? {}).flatMap((price) =>
    typeof price === 'object' ? price.tiers.map(({ start }) => start) : [],
  );
}

const PROBE = 1_000;

function measured(call: PricedCall, above: number, book: PriceBook): ListedPrice | undefined {
  const inputTokens = above + PROBE;
  const fee = charge(call, {}, book);
  const whole = charge(call, { inputTokens }, book);
  if (fee === undefined || whole === undefined) return undefined;
  const input = ((whole.dollars - fee.dollars) / inputTokens) * 1e6;
  /** What `PROBE` tokens of this kind cost more than the call without them. */
  const more = (usage: Partial<Usage>) => {
    const dollars = charge(call, { inputTokens, ...usage }, book)?.dollars;
    return dollars === undefined ? Number.NaN : ((dollars - whole.dollars) / PROBE) * 1e6;
  };
  return {
    ...{ tier: call.serviceTier, above, pricedBy: whole.pricedBy, name: whole.name },
    perRequest: exact(fee.dollars),
    input: exact(input),
    output: exact(more({ outputTokens: PROBE })),
    cachedInput: exact(input + more({ cachedInputTokens: PROBE })),
    cacheWrite: exact(input + more({ cacheWriteTokens: PROBE })),
    cacheWrite1h: exact(input + more({ cacheWriteTokens: PROBE, cacheWrite1hTokens: PROBE })),
    inputAudio: exact(input + more({ inputAudioTokens: PROBE })),
    outputAudio: exact(more({ outputTokens: PROBE, outputAudioTokens: PROBE })),
    outputImage: exact(more({ outputTokens: PROBE, outputImageTokens: PROBE })),
    // 1,000 of them: the price is that of a thousand, not of a million.
    webSearches: exact(more({ webSearches: PROBE }) / 1_000),
  };
}

function charge(call: PricedCall, usage: Partial<Usage>, book: PriceBook) {
  const priced = priceCall({ ...call, usage: { inputTokens: 0, outputTokens: 0, ...usage } }, book);
  return priced instanceof Promise ? undefined : priced;
}

/** Without what rounding has left. */
function exact(dollars: number): number | undefined {
  return Number.isNaN(dollars) ? undefined : Math.round(dollars * 1e6) / 1e6;
}

function isSame(price: ListedPrice, other: ListedPrice | undefined): boolean {
  return JSON.stringify({ ...price, above: 0 }) === JSON.stringify({ ...other, above: 0 });
}
