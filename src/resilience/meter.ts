/** What a rate limit counts with: a sliding window or a token bucket. Times are in milliseconds. */

/** Permits that an execution has taken. */
export interface Grant {
  /** When they were used; the rate limit sets it when the work has begun. */
  at: number;
}

export interface Meter {
  /** No execution can ever take more permits than this. */
  readonly most: number;
  /**
   * Takes `weight` permits at `now`; `undefined` where there are too few.
   * @param lateMs by how many milliseconds a timer may have fired late
   */
  take(weight: number, now: number, lateMs: number): Grant | undefined;
  /** How many milliseconds after `now` the last of these weights could be taken, one after the other; 0 for now. */
  waitMs(weights: Iterable<number>, now: number): number;
}

/** The share of the permits by which sums may be wrong, from rounding. */
export const ROUNDING = 1e-9;
