/**
 * Seconds. The ten in the middle are what dashboards have been built on; below them a step that takes less than a
 * millisecond, above them a model call that takes minutes.
 */
export const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;
