/** When a closed circuit opens: pure rules over a tally of results. */

/** A rule with a tally of type `T`. No rule opens a circuit after a success. */
export interface TripRule<T> {
  /** The tally of a circuit that has just closed. */
  readonly empty: T;
  success(tally: T, now: number): T;
  failure(tally: T, now: number): T;
  /** Whether the circuit opens. It is called after each failure, at `now`, in milliseconds. */
  trips(tally: T, now: number): boolean;
}

/** Opens with the `count`th failure in a row. */
export function consecutiveRule(count: number): TripRule<number> {
  return {
    empty: 0,
    success: () => 0,
    failure: (inRow) => inRow + 1,
    trips: (inRow) => inRow >= count,
  };
}

/** The results within one tenth of the window. */
interface Bucket {
  /** The number of this tenth, counted from the Unix epoch. */
  readonly slot: number;
  readonly successes: number;
  readonly failures: number;
}

/** The oldest bucket first, at most `BUCKETS` of them, so that memory does not grow with traffic. */
export type SlidingWindow = readonly Bucket[];

const BUCKETS = 10;

/**
 * Opens when there are at least `minimumThroughput` results of the last `windowMs` milliseconds, and the share of
 * failures among them is `failureRatio` or more. The window slides in tenths of its length.
 */
export function samplingRule(options: {
  readonly failureRatio: number;
  readonly windowMs: number;
  readonly minimumThroughput: number;
}): TripRule<SlidingWindow> {
  const { failureRatio, windowMs, minimumThroughput } = options;
  const slotAt = (now: number) => Math.floor((now * BUCKETS) / windowMs);
  const isWithin = (bucket: Bucket, slot: number) => bucket.slot > slot - BUCKETS;

  function add(window: SlidingWindow, now: number, successes: number, failures: number): SlidingWindow {
    const slot = slotAt(now);
    const last = window[window.length - 1];
    if (last === undefined || last.slot < slot) {
      return [...window.filter((bucket) => isWithin(bucket, slot)), { slot, successes, failures }];
    }
    const more = { slot: last.slot, successes: last.successes + successes, failures: last.failures + failures };
    return [...window.slice(0, -1), more];
  }

  return {
    empty: [],
    success: (window, now) => add(window, now, 1, 0),
    failure: (window, now) => add(window, now, 0, 1),
    trips(window, now) {
      const slot = slotAt(now);
      let [all, failed] = [0, 0];
      for (const bucket of window) {
        if (!isWithin(bucket, slot)) continue;
        all += bucket.successes + bucket.failures;
        failed += bucket.failures;
      }
      return all >= minimumThroughput && failed >= failureRatio * all;
    },
  };
}
