/** A token bucket: pure arithmetic over what is in it and since when. Times in milliseconds. */

export interface BucketRules {
  /** How many permits flow in within `perMs`. */
  readonly permits: number;
  readonly perMs: number;
  /** How many it holds at most. */
  readonly burst: number;
}

export interface Bucket {
  readonly held: number;
  readonly at: number;
}

/** What divisions lose must not cost anybody a permit. */
const ROUNDING = 1e-9;

export function fullBucket({ burst }: BucketRules): Bucket {
  return { held: burst, at: Number.NEGATIVE_INFINITY };
}

/** The bucket as it is at `now`. */
export function filled(rules: BucketRules, bucket: Bucket, now: number): Bucket {
  if (now <= bucket.at) return bucket;
  const held = Math.min(rules.burst, bucket.held + ((now - bucket.at) * rules.permits) / rules.perMs);
  return { held, at: now };
}

/** The bucket without `weight` permits, `undefined` while it holds fewer. */
export function take(rules: BucketRules, bucket: Bucket, weight: number, now: number): Bucket | undefined {
  const { held, at } = filled(rules, bucket, now);
  if (weight > held + ROUNDING * rules.burst) return undefined;
  return { held: Math.max(0, held - weight), at };
}

/** How long from `now` until `weight` permits more than it holds have flowed in; 0 when it holds as many. */
export function waitMs(rules: BucketRules, bucket: Bucket, weight: number, now: number): number {
  const missing = weight - filled(rules, bucket, now).held;
  if (missing <= ROUNDING * rules.burst) return 0;
  return (missing * rules.perMs) / rules.permits;
}
