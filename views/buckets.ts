/**
 * The upper bounds of the buckets of all durations, in seconds. Existing dashboards use the bounds from 0.005 to 10.
 * The bound 0.001 is for steps of less than a millisecond, the bounds above 10 for model calls that take minutes.
 */
export const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;
