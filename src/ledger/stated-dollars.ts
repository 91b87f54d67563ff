import { read } from './usage-parts.ts';

/**
 * The US dollars that the usage of a chat completion states: OpenRouter, Vercel's gateway, Perplexity. With a key of the
 * user's own, OpenRouter's `cost` is its fee, and the provider's bill stands apart. Whether they are believed is another
 * matter.
 */
export function statedDollars(usage: unknown): number | undefined {
  const cost = read(usage, 'cost');
  const dollars = dollarsOf(typeof cost === 'object' ? read(cost, 'total_cost') : cost);
  const bill = read(usage, 'is_byok') === true ? dollarsOf(read(read(usage, 'cost_details'), BILL)) : undefined;
  return dollars === undefined ? undefined : dollars + (bill ?? 0);
}

const BILL = 'upstream_inference_cost';

/** Some servers write the number as a text. */
function dollarsOf(value: unknown): number | undefined {
  const dollars = typeof value === 'string' && /^\s*\d/.test(value) ? Number(value) : value;
  return typeof dollars === 'number' && dollars >= 0 && dollars < Number.POSITIVE_INFINITY ? dollars : undefined;
}

/** What two statements of one reply say together: the later one, but a later 0 erases nothing, as with tokens. */
export function laterDollars(before: number | undefined, after: number | undefined): number | undefined {
  return after || (before ?? after);
}
