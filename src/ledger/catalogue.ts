/** The public price catalogue: https://github.com/pydantic/genai-prices, as released, never fetched. */
import type { PriceSource } from './price.ts';
import { soundUsage } from './usage.ts';

/** The catalogue's names of providers that differ from the conventions' names. */
const PROVIDERS: Readonly<Record<string, string>> = { x_ai: 'x-ai', 'gcp.gen_ai': 'google' };

let loading: Promise<PriceSource> | undefined;

/** Loads the catalogue on first use, because it needs 20 MB of memory. Never rejects. */
export function cataloguePrices(): Promise<PriceSource> {
  loading ??= import('@pydantic/genai-prices').then(
    ({ calcPrice }): PriceSource =>
      ({ provider, model, usage }) => {
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
      },
    () => () => undefined,
  );
  return loading;
}
