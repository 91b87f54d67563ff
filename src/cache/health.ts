/** How a store has answered lately, and whether to ask it now: pure values. */
export interface Health {
  /** Operations in a row that came to nothing. */
  readonly failures: number;
  /** Milliseconds since the Unix epoch; counts once there have been too many. */
  readonly restUntil: number;
}

/** So many in a row, and the store is left alone for a while. */
const FAILURES_BEFORE_PAUSE = 3;
/** Milliseconds. Then one caller asks again, and the others wait for what becomes of it no more than before. */
const PAUSE_MS = 1_000;

export const HEALTHY: Health = { failures: 0, restUntil: 0 };

/** The health from now on if the store may be asked, `undefined` if it is to be left alone. */
export function asking(health: Health, now: number): Health | undefined {
  if (health.failures < FAILURES_BEFORE_PAUSE) return health;
  return now < health.restUntil ? undefined : { ...health, restUntil: now + PAUSE_MS };
}

export function failed({ failures }: Health, now: number): Health {
  return { failures: failures + 1, restUntil: now + PAUSE_MS };
}
