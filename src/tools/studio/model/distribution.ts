/** How long equal spans took. */

/** Nanoseconds. */
export interface Distribution {
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  /** Counts in steps of equal ratio from `min` to `max`. */
  readonly counts: readonly number[];
}

const STEPS = 16;

export function distributionOf(durationsNs: readonly number[]): Distribution {
  const sorted = [...durationsNs].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  const [min, max] = [at(0), at(1)];
  const counts = new Array<number>(STEPS).fill(0);
  const range = Math.log((max + 1) / (min + 1));
  for (const each of sorted) {
    const step = range === 0 ? 0 : Math.floor((Math.log((each + 1) / (min + 1)) / range) * STEPS);
    counts[Math.min(STEPS - 1, step)] = (counts[Math.min(STEPS - 1, step)] ?? 0) + 1;
  }
  return { min, median: at(0.5), p95: at(0.95), max, counts };
}
