/** The public price catalogue: https://github.com/pydantic/genai-prices, as released, never fetched. */
import type { ModelInfo, PriceCalculation } from '@pydantic/genai-prices';
import { plainDollars, pricesAt } from './catalogue-prices.ts';
import { catalogueProvider, plainModel, withoutDate, withoutVersion } from './model-names.ts';
import { type SoundUsage, soundUsage } from './usage.ts';

/** What the catalogue has of one model. */
export interface CataloguePrice {
  readonly dollars: number;
  /** The catalogue's own name, `provider/model`. */
  readonly name: string;
  /** US dollars by the catalogue's names of units: `input_mtok` is a million input tokens. */
  readonly prices: Prices;
}

export interface Catalogue {
  /**
   * `undefined` where the model or the price of a part of the usage is not known.
   *
   * @param provider `undefined`: the one that makes the model
   * @param at milliseconds since 1970
   */
  price(provider: string | undefined, model: string, usage: SoundUsage, at: number): CataloguePrice | undefined;
  /**
   * The name of a model that a server has said, if it is that of a model or of a version of one. A name that only begins like
   * a model's, whose end a server could choose freely, gives the catalogue's own name. `undefined`: no model has this name.
   *
   * @param provider where it has no such model, as a gateway has none, the models of all that make some count
   */
  nameOf(provider: string, model: string): string | undefined;
  /** The catalogue's name of the provider that makes this model. */
  makerOf(model: string): string | undefined;
}

type Prices = PriceCalculation['model_price'];

/** A model of the catalogue. */
interface Found {
  readonly name: string;
  readonly prices: ModelInfo['prices'];
  /** By the catalogue's own arithmetic. */
  readonly price: (usage: SoundUsage, at: number) => PriceCalculation | null;
}

let loaded: Catalogue | undefined;
let loading: Promise<Catalogue | undefined> | undefined;
let warned = false;

/** The catalogue, if it is loaded. */
export function loadedCatalogue(): Catalogue | undefined {
  return loaded;
}

/**
 * Loads the catalogue on first use, because it needs 20 MB of memory. Never rejects: if it cannot be loaded, a process
 * warning says why, once, no price is known for now, and the next call tries again.
 */
export function loadCatalogue(): Promise<Catalogue | undefined> {
  loading ??= load().then(
    (catalogue) => {
      loaded = catalogue;
      return catalogue;
    },
    (error: unknown) => {
      loading = undefined;
      if (!warned) warnOf(error);
      return undefined;
    },
  );
  return loading;
}

// Not `import(...).then(({ calcPrice }) => ...)`: rollup 4 then takes calcPrice for unused, and leaves it out of the bundle.
async function load(): Promise<Catalogue> {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');

  /** Each model that was looked up: to search all models of a provider takes longer than to price a call. */
  const known = new Map<string, Found | undefined>();
  const find = (provider: string, name: string): Found | undefined => {
    const key = `${provider}/${name}`;
    if (known.has(key)) return known.get(key);
    const found = search(provider, name);
    if (known.size < MOST_FOUND) known.set(key, found);
    return found;
  };

  /** Only the very provider: the catalogue itself takes `my-openai-proxy` for OpenAI, and looks up `litellm` by the model alone. */
  const search = (provider: string, name: string): Found | undefined => {
    const providerId = catalogueProvider(provider);
    if (findProvider({ providerId })?.id !== providerId) return undefined;
    const id = plainModel(name);
    const any = calcPrice({}, id, { providerId });
    if (any === null) return undefined;
    return {
      name: `${any.provider.id}/${any.model.id}`,
      prices: any.model.prices,
      price: (usage, at) =>
        calcPrice(unitsOf(usage), id, {
          provider: { ...any.provider, models: [any.model] },
          timestamp: new Date(at),
        }),
    };
  };

  const priceAt = (provider: string, model: string, usage: SoundUsage, at: number): CataloguePrice | undefined => {
    try {
      const found = find(provider, model);
      if (found === undefined) return undefined;
      const { name } = found;
      const plain = pricesAt(found.prices, at);
      const plainly = plain === undefined ? undefined : plainDollars(plain, usage);
      if (plain !== undefined && plainly !== undefined) {
        return covers(plain, usage) ? { dollars: plainly, name, prices: plain } : undefined;
      }
      const priced = found.price(usage, at);
      if (!priced || !covers(priced.model_price, usage)) return undefined;
      return { dollars: priced.total_price, name, prices: priced.model_price };
    } catch {
      return undefined;
    }
  };

  const price: Catalogue['price'] = (provider, model, usage, at) => {
    if (provider !== undefined) return priceAt(provider, model, usage, at);
    for (const maker of MAKERS) {
      const found = priceAt(maker, model, usage, at);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  const nameOf: Catalogue['nameOf'] = (provider, model) => {
    const found = (price(provider, model, NOTHING, 0) ?? price(undefined, model, NOTHING, 0))?.name;
    const id = found?.slice(found.indexOf('/') + 1);
    const name = plainModel(model);
    const isVersion = [name, withoutDate(name), withoutVersion(name)].some(
      (each) => each.toLowerCase() === id?.toLowerCase(),
    );
    return isVersion ? name : id;
  };

  const makerOf: Catalogue['makerOf'] = (model) => price(undefined, model, NOTHING, 0)?.name.split('/')[0];

  return { price, nameOf, makerOf };
}

/** A server may answer with any name of a model. */
const MOST_FOUND = 500;

/** The providers that make models and sell them. */
const MAKERS = ['openai', 'anthropic', 'google', 'mistral', 'x-ai', 'deepseek', 'moonshotai', 'cohere', 'perplexity'];

const NOTHING = soundUsage({ inputTokens: 0, outputTokens: 0 });

/** Models that are billed by hours or pages have no price for tokens: the catalogue would say 0 dollars. */
function covers(price: Prices, usage: SoundUsage): boolean {
  return (
    (price.input_mtok !== undefined || usage.inputTokens === 0) &&
    (price.output_mtok !== undefined || usage.outputTokens === 0)
  );
}

/** The usage in the catalogue's units. A part that is 0 is left out: the catalogue then asks for no price of it. */
function unitsOf(usage: SoundUsage): Record<string, number> {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, inputAudioTokens } = usage;
  // Replies do not say which cached tokens are sound: as few as possible.
  const cachedAudio = Math.max(0, inputAudioTokens + cachedInputTokens + cacheWriteTokens - inputTokens);
  const parts = {
    cache_read_tokens: cachedInputTokens,
    cache_write_tokens: cacheWriteTokens,
    cache_write_1h_tokens: usage.cacheWrite1hTokens,
    output_reasoning_tokens: usage.reasoningTokens,
    input_audio_tokens: inputAudioTokens,
    output_audio_tokens: usage.outputAudioTokens,
    output_image_tokens: usage.outputImageTokens,
    web_searches: usage.webSearches,
  };
  const said = Object.entries(parts).filter(([, tokens]) => tokens > 0);
  return {
    input_tokens: inputTokens,
    output_tokens: usage.outputTokens,
    ...Object.fromEntries(said),
    ...(inputAudioTokens > 0 && cachedInputTokens > 0
      ? { cache_audio_read_tokens: Math.min(cachedAudio, cachedInputTokens) }
      : {}),
  };
}

function warnOf(error: unknown): void {
  warned = true;
  process.emitWarning(
    `the price catalogue cannot be loaded, and calls to models that need it count as unpriced: ${String(error)}`,
    'TtaPrimitivesWarning',
  );
}
