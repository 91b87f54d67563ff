/** How often the offline model fails on purpose, as shares of all requests from 0 to 1. Their sum is at most 1. */
export interface ChaosOptions {
  /** The share of late answers. @default 0.15 */
  readonly slowShare?: number;
  /** The longest delay of a late answer in milliseconds; the shortest is a quarter of it. @default 2000 */
  readonly slowMs?: number;
  /** The share of answers with status 429 and Retry-After. @default 0.1 */
  readonly rateLimitShare?: number;
  /** The value of Retry-After, in milliseconds. @default 1000 */
  readonly retryAfterMs?: number;
  /** The share of answers with status 500. @default 0.05 */
  readonly errorShare?: number;
  /** The share of answers that break off in the middle. @default 0.05 */
  readonly cutShare?: number;
  /** The share of streams that tell an error in their middle; another answer has status 500 then. @default 0 */
  readonly errorEventShare?: number;
  /** The share of requests that are never answered. @default 0 */
  readonly hangShare?: number;
}

export type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'rate_limit'; readonly retryAfterMs: number }
  /** `hang`: no answer comes. `stall`: the answer stops after its half. Both wait for the client to leave. */
  | { readonly kind: 'error' | 'cut' | 'error_event' | 'hang' | 'stall' };

/**
 * Returns a function that decides the fault of one request. Equal numbers from `random` give equal faults.
 *
 * @param options `false` for no faults, `true` for the default shares
 * @param random returns numbers from 0 to 1
 * @throws RangeError when a share is outside 0 to 1, the shares exceed 1, or a time is negative
 */
export function createChaos(options: boolean | ChaosOptions, random: () => number): () => Fault {
  if (options === false) return () => ({ kind: 'none' });
  const given = options === true ? {} : options;
  const { slowShare = 0.15, slowMs = 2_000, rateLimitShare = 0.1, retryAfterMs = 1_000 } = given;
  const { errorShare = 0.05, cutShare = 0.05, errorEventShare = 0, hangShare = 0 } = given;
  const shares = { slowShare, rateLimitShare, errorShare, cutShare, errorEventShare, hangShare };
  for (const [name, share] of Object.entries(shares)) {
    if (!(share >= 0 && share <= 1)) throw new RangeError(`ChaosOptions: ${name} must be from 0 to 1, got ${share}`);
  }
  for (const [name, ms] of Object.entries({ slowMs, retryAfterMs })) {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`ChaosOptions: ${name} must be 0 or more, got ${ms}`);
  }
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  if (sum > 1 + Number.EPSILON * 4)
    throw new RangeError(`ChaosOptions: the shares must add up to 1 at most, got ${sum}`);

  return () => {
    let draw = random();
    if (draw < slowShare) return { kind: 'slow', delayMs: slowMs * (0.25 + 0.75 * random()) };
    draw -= slowShare;
    if (draw < rateLimitShare) return { kind: 'rate_limit', retryAfterMs };
    draw -= rateLimitShare;
    if (draw < errorShare) return { kind: 'error' };
    draw -= errorShare;
    if (draw < cutShare) return { kind: 'cut' };
    draw -= cutShare;
    if (draw < errorEventShare) return { kind: 'error_event' };
    draw -= errorEventShare;
    return draw < hangShare ? { kind: 'hang' } : { kind: 'none' };
  };
}
