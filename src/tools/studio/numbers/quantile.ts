/** As `histogram_quantile` of Prometheus. */

export interface Bucket {
  /** The upper bound. */
  readonly bound: number;
  /** The observations in it, without those of smaller buckets. */
  readonly count: number;
}

/**
 * The value below which a share of the observations lies, as if those in a bucket were spread evenly; `null` without
 * observations. It is at most the largest finite bound.
 *
 * @param buckets in the order of their bounds, the last one without a limit
 */
export function quantileOf(q: number, buckets: readonly Bucket[]): number | null {
  const all = buckets.reduce((sum, { count }) => sum + count, 0);
  if (buckets.length < 2 || !(all > 0)) return null;
  const rank = q * all;
  let below = 0;
  let lower = 0;
  for (const [index, { bound, count }] of buckets.entries()) {
    if (index === buckets.length - 1) break;
    if (below + count >= rank) {
      if (index === 0 && bound <= 0) return bound;
      return lower + ((bound - lower) * (rank - below)) / count;
    }
    below += count;
    lower = bound;
  }
  return lower;
}
