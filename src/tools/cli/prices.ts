import { loadCatalogue, loadedCatalogue } from '../../ledger/catalogue.ts';
import { conventionProvider } from '../../ledger/model-names.ts';
import { REFERENCE_PRICES } from '../../ledger/price.ts';
import { type PriceBook, type PriceOptions, priceBook } from '../../ledger/price-book.ts';
import { listPrices } from '../../ledger/price-list.ts';
import { whyUnpriced } from '../../ledger/unpriced.ts';
import { dateOf, systemClock } from '../../platform/clock.ts';
import { textFrom } from '../../sdk/environment.ts';
import { ownPrices } from './own-prices.ts';
import { packageManifest } from './package-root.ts';
import { renderPrices } from './price-table.ts';
import { print, printError } from './print.ts';

export interface PricesCommandOptions {
  readonly provider?: string;
  /** A file, or `catalogue`. */
  readonly prices?: string;
  /** When the call ends, in milliseconds since 1970. */
  readonly at?: number;
  readonly json: boolean;
}

/** `tta prices`: what calls are charged, and why. The exit code is 1 when a model has no price. */
export async function pricesCommand(names: readonly string[], options: PricesCommandOptions): Promise<void> {
  const file = options.prices ?? textFrom('TTA_PRICES');
  const own = await ownPrices(file);
  const book = priceBook(own);
  const at = options.at ?? dateOf(systemClock);
  await loadCatalogue();
  const listed = (names.length > 0 ? names : allNames(own, book)).map((name) => {
    const call = { ...callOf(name, options.provider, book, at), at, usage: undefined };
    return { call, model: labelOf(call), prices: listPrices(call, book) };
  });
  const priced = listed.filter(({ prices }) => prices.length > 0);

  if (options.json)
    print(
      JSON.stringify(
        listed.map(({ model, prices }) => ({ model, prices })),
        undefined,
        2,
      ),
    );
  else if (priced.length > 0)
    print(renderPrices(priced, { day: new Date(at).toISOString().slice(0, 10), ...sources(file) }));
  for (const { call, prices } of listed) {
    if (prices.length > 0) continue;
    printError(
      `tta: ${whyUnpriced(call)}${options.provider ? '' : ' If it is at a known provider, add --provider NAME.'}`,
    );
    process.exitCode = 1;
  }
}

function sources(file: string | undefined) {
  return { file, catalogue: `@pydantic/genai-prices ${packageManifest().dependencies['@pydantic/genai-prices']}` };
}

/** Everything that the author has named, and the reference prices. */
function allNames({ prices, priceAs = {} }: PriceOptions, { references }: PriceBook): readonly string[] {
  const names = new Set([
    ...Object.keys(typeof prices === 'object' ? prices : {}),
    ...Object.keys(priceAs),
    ...(references ? Object.keys(REFERENCE_PRICES) : []),
  ]);
  return [...names];
}

/** Without `--provider`, `openai/gpt-4o` is a model of OpenAI, and `gpt-4o` one of the provider that makes it. */
function callOf(name: string, provider: string | undefined, book: PriceBook, at: number) {
  if (provider !== undefined) return { provider, askedModel: name };
  const slash = name.indexOf('/');
  if (slash > 0) return { provider: name.slice(0, slash), askedModel: name.slice(slash + 1) };
  const anywhere = { provider: '', askedModel: name };
  if (listPrices({ ...anywhere, at }, book).length > 0) return anywhere;
  const maker = loadedCatalogue()?.makerOf(name);
  return maker === undefined ? anywhere : { provider: conventionProvider(maker), askedModel: name };
}

function labelOf({ provider, askedModel }: { readonly provider: string; readonly askedModel: string }): string {
  return provider === '' ? askedModel : `${provider}/${askedModel}`;
}
