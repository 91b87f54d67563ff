/** A token bucket as a value: how many permits it has, and at what time. Pure; times are in milliseconds. */

export interface BucketRules {
  /** How many permits flow in within `perMs`. */
  readonly permits: number;
  readonly perMs: number;
  /** How many it can hold. */
  readonly burst: number;
}

export interface Bucket {
  readonly available: number;
  readonly at: number;
}

/** A share of the burst that divisions may lose without the loss of a permit. */
const ROUNDING = 1e-9;

export function fullBucket({ burst }: BucketRules): Bucket {
  return { available: burst, at: Number.NEGATIVE_INFINITY };
}

/** The bucket at `now`. It can hold its burst, and on top of it the permits of `slackMs`. */
export function filled(rules: BucketRules, bucket: Bucket, now: number, slackMs = 0): Bucket {
  const { permits, perMs, burst } = rules;
  const added = (Math.max(0, now - bucket.at) * permits) / perMs;
  return {
    available: Math.min(burst + (slackMs * permits) / perMs, bucket.available + added),
    at: Math.max(now, bucket.at),
  };
}

/** The bucket without `weight` permits, `undefined` where it has fewer. */
export function takePermits(
  rules: BucketRules,
  bucket: Bucket,
  weight: number,
  now: number,
  slackMs = 0,
): Bucket | undefined {
  const { available, at } = filled(rules, bucket, now, slackMs);
  if (weight > available + ROUNDING * rules.burst) return undefined;
  return { available: Math.max(0, available - weight), at };
}

/** How long from `now` until `weight` permits have flowed in; 0 when there are as many. */
export function waitMs(rules: BucketRules, bucket: Bucket, weight: number, now: number): number {
  const missing = weight - filled(rules, bucket, now).available;
  if (missing <= ROUNDING * rules.burst) return 0;
  return (missing * rules.perMs) / rules.permits;
}
