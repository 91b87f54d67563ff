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

/** The bucket as it is at `now`; it holds no more than what flows in within `slackMs` on top of its burst. */
export function filled(rules: BucketRules, bucket: Bucket, now: number, slackMs = 0): Bucket {
  const { permits, perMs, burst } = rules;
  const flown = (Math.max(0, now - bucket.at) * permits) / perMs;
  return { held: Math.min(burst + (slackMs * permits) / perMs, bucket.held + flown), at: Math.max(now, bucket.at) };
}

/** The bucket without `weight` permits, `undefined` while it holds fewer. */
export function take(rules: BucketRules, bucket: Bucket, weight: number, now: number, slackMs = 0): Bucket | undefined {
  const { held, at } = filled(rules, bucket, now, slackMs);
  if (weight > held + ROUNDING * rules.burst) return undefined;
  return { held: Math.max(0, held - weight), at };
}

/** How long from `now` until it holds `weight` permits, were there room for as many; 0 when it does. */
export function waitMs(rules: BucketRules, bucket: Bucket, weight: number, now: number): number {
  const missing = weight - filled(rules, bucket, now).held;
  if (missing <= ROUNDING * rules.burst) return 0;
  return (missing * rules.perMs) / rules.permits;
}
