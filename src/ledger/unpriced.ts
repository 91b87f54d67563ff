/** What to do about calls that are not in the dollars. */
import { tierOf } from './price.ts';
import type { PricedCall } from './price-call.ts';

type Named = Pick<PricedCall, 'provider' | 'askedModel' | 'serviceTier'>;

/** One sentence about what is missing, and one about how to give it. */
export function whyUnpriced(call: Named): string {
  const name = nameOf(call);
  if (name === undefined)
    return `a call to ${shown(call.provider)} names no model that is known, and so it has no price.`;
  const tier = tierOf(call.serviceTier);
  if (tier !== undefined) {
    return (
      `${name} has no price in the service tier ${shown(tier)}. Give it one with "tier": ${shown(tier)} in your prices, or a ` +
      `multiple of the standard price: "tierFactors": { ${shown(tier)}: 0.5 }.`
    );
  }
  return (
    `${name} has no price. Give it one in dollars per million tokens: "prices": { ${name}: { "input": 1, "output": 2 } }, or ` +
    `name the model whose price it has: "priceAs": { ${name}: "openai/gpt-4o" }.`
  );
}

/** The same for a call whose reply does not say how many tokens it had. */
export function whyUnmetered(call: Named): string {
  const name = nameOf(call) ?? `a model of ${shown(call.provider)}`;
  return (
    `${name} gave a reply that does not say its tokens, and so its dollars are not known. For a stream ask for them: ` +
    'stream_options: { include_usage: true } in the request, or modelCalls: { includeUsage: true } of register.'
  );
}

function nameOf({ provider, askedModel }: Named): string | undefined {
  if (!askedModel) return undefined;
  return shown(provider === '' ? askedModel : `${provider}/${askedModel}`);
}

/** In quotes, and short: a model's name may be anything. */
function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
