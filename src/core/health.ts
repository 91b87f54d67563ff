/** Whether a store has answered recently, and whether it may be asked now. Pure functions over a value. */
export interface Health {
  /** How many operations in a row have failed. */
  readonly failures: number;
  /** The end of the pause after too many failures, in milliseconds, by the clock of the executions. */
  readonly pausedUntil: number;
}

/** After this many failures in a row the store is not asked for a while. */
const FAILURES_BEFORE_PAUSE = 3;
/** The length of the pause, in milliseconds. Then one caller asks; the pause goes on for the others until an answer. */
const PAUSE_MS = 1_000;

export const HEALTHY: Health = { failures: 0, pausedUntil: 0 };

/** The next health if the store may be asked now, `undefined` if it may not. */
export function beforeAsking(health: Health, now: number): Health | undefined {
  if (health.failures < FAILURES_BEFORE_PAUSE) return health;
  return now < health.pausedUntil ? undefined : { ...health, pausedUntil: now + PAUSE_MS };
}

/** The next health after a failed operation. */
export function afterFailure({ failures }: Health, now: number): Health {
  return { failures: failures + 1, pausedUntil: now + PAUSE_MS };
}
