/** A token bucket as a value: its permits at one moment. Pure; times are in milliseconds. */
import { type Grant, type Meter, ROUNDING } from './meter.ts';

export interface BucketRules {
  /** How many permits flow in within `perMs`. */
  readonly permits: number;
  readonly perMs: number;
  /** How many permits the bucket can hold. */
  readonly burst: number;
}

export interface Bucket {
  readonly available: number;
  readonly at: number;
}

export function fullBucket({ burst }: BucketRules): Bucket {
  return { available: burst, at: Number.NEGATIVE_INFINITY };
}

/** The bucket at `now`. It can hold its burst, and in addition the permits of `slackMs`. */
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

/** How many milliseconds after `now` there are `weight` permits; 0 when there are enough. */
export function waitMs(rules: BucketRules, bucket: Bucket, weight: number, now: number): number {
  const missing = weight - filled(rules, bucket, now).available;
  if (missing <= ROUNDING * rules.burst) return 0;
  return (missing * rules.perMs) / rules.permits;
}

/**
 * A bucket that changes. It does not need to know when the work has begun. More permits than it can hold are given when it
 * is full: then it is below 0, and the next ones wait for that too. The share of a limit can be so small.
 */
export function bucketMeter(rules: BucketRules, first = fullBucket(rules)): Meter {
  const granted: Grant = { at: 0 };
  let bucket = first;
  return {
    most: rules.burst,
    take(weight, now, lateMs) {
      const enough = Math.min(weight, rules.burst);
      const left = takePermits(rules, bucket, enough, now, lateMs);
      if (left === undefined) return undefined;
      bucket = enough === weight ? left : { ...left, available: left.available - (weight - enough) };
      return granted;
    },
    waitMs(weights, now) {
      let sum = 0;
      let beforeLast = 0;
      for (const weight of weights) {
        beforeLast = sum;
        sum += weight;
      }
      return waitMs(rules, bucket, beforeLast + Math.min(sum - beforeLast, rules.burst), now);
    },
  };
}
