/** The public price catalogue: https://github.com/pydantic/genai-prices, as released, never fetched. */
import type { PriceSource } from './price.ts';
import { soundUsage } from './usage.ts';

/** The catalogue's names of providers that differ from the conventions' names. */
const PROVIDERS: Readonly<Record<string, string>> = { x_ai: 'x-ai', 'gcp.gen_ai': 'google' };

const UNKNOWN: PriceSource = () => undefined;
let loading: Promise<PriceSource> | undefined;
let warned = false;

/**
 * Loads the catalogue on first use, because it needs 20 MB of memory. Never rejects: if it cannot be loaded, a process
 * warning says why, once, no price is known for now, and the next call tries again.
 */
export function cataloguePrices(): Promise<PriceSource> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    if (!warned) warnOf(error);
    return UNKNOWN;
  });
  return loading;
}

// Not `import(...).then(({ calcPrice }) => ...)`: rollup 4 then takes calcPrice for unused, and leaves it out of the bundle.
async function load(): Promise<PriceSource> {
  const { calcPrice } = await import('@pydantic/genai-prices');
  return ({ provider, model, usage }) => {
    const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens } = soundUsage(usage);
    const tokens = {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      ...(cachedInputTokens > 0 ? { cache_read_tokens: cachedInputTokens } : {}),
      ...(cacheWriteTokens > 0 ? { cache_write_tokens: cacheWriteTokens } : {}),
    };
    try {
      return calcPrice(tokens, model, { providerId: PROVIDERS[provider] ?? provider })?.total_price;
    } catch {
      return undefined;
    }
  };
}

function warnOf(error: unknown): void {
  warned = true;
  process.emitWarning(
    `the price catalogue cannot be loaded, and calls to models that need it count as unpriced: ${String(error)}`,
    'TtaPrimitivesWarning',
  );
}
