/** What to do about a call whose price is not known. */

import { tierOf } from './price.ts';
import type { PricedCall } from './price-book.ts';

/** One sentence about what is missing, and one about how to give it. */
export function whyUnpriced({ provider, askedModel, answeredModel, serviceTier }: PricedCall): string {
  const model = askedModel || answeredModel;
  if (!model) return `a call to ${shown(provider)} names no model, and so it has no price.`;
  const name = shown(provider === '' ? model : `${provider}/${model}`);
  const tier = tierOf(serviceTier);
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

/** In quotes, and short: a model's name may be anything. */
function shown(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
