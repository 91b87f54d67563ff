/** Histograms of any source as buckets that the text can show. */
import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

/** The measurements of a histogram. */
export interface Buckets {
  readonly bounds: readonly number[];
  /** Per bucket, not cumulative. The last is above all bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  /** `undefined` where measurements can be negative: the sum could go down, which Prometheus takes for a restart. */
  readonly sum: number | undefined;
}

const NONE: readonly number[] = [];
/** The SDK has one array for all series of an instrument. */
const usable = new WeakMap<readonly number[], readonly number[]>();

/**
 * An exponential histogram has one bucket.
 *
 * @returns `undefined` when the numbers are not those of a histogram
 */
export function bucketsOf(value: Histogram | ExponentialHistogram): Buckets | undefined {
  const { count, sum } = value;
  const { boundaries, counts } = 'buckets' in value ? value.buckets : { boundaries: NONE, counts: [count] };
  let total = 0;
  for (const each of counts) {
    if (!Number.isSafeInteger(each) || each < 0) return undefined;
    total += each;
  }
  // What is in no bucket is above all bounds.
  const above = count - total;
  if (!Number.isSafeInteger(above) || above < 0) return undefined;
  const bounds = boundsOf(boundaries);
  const canBeNegative =
    'buckets' in value ? (bounds[0] ?? 0) < 0 : value.negative.bucketCounts.some((each) => each > 0);
  return {
    bounds,
    counts:
      above === 0 && counts.length === bounds.length + 1
        ? moved(counts, boundaries, bounds)
        : moved([...counts, above], boundaries, bounds),
    count,
    sum: canBeNegative ? undefined : sum,
  };
}

/** Ascending, finite, and each once. */
function boundsOf(boundaries: readonly number[]): readonly number[] {
  const known = usable.get(boundaries);
  if (known !== undefined) return known;
  const sorted = [...new Set(boundaries)].filter(Number.isFinite).sort((a, b) => a - b);
  const bounds = isSame(sorted, boundaries) ? boundaries : sorted;
  usable.set(boundaries, bounds);
  return bounds;
}

/** The counts in the buckets of other bounds. Each goes to the first bucket that surely has its measurements. */
export function moved(counts: readonly number[], from: readonly number[], to: readonly number[]): readonly number[] {
  if (isSame(from, to) && counts.length === to.length + 1) return counts;
  const result = new Array<number>(to.length + 1).fill(0);
  for (const [i, count] of counts.entries()) {
    const bucket = bucketOf(to, from[i] ?? Number.POSITIVE_INFINITY);
    result[bucket] = (result[bucket] ?? 0) + count;
  }
  return result;
}

/** The bucket of a value, or of a bucket with this upper bound. */
export function bucketOf(bounds: readonly number[], value: number): number {
  const bucket = bounds.findIndex((bound) => value <= bound);
  return bucket < 0 ? bounds.length : bucket;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((each, i) => each === b[i]));
}
