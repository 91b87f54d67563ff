/** Decides whether there is another try, and when it starts. */
import type { RetryStop } from '../telemetry/record/retry.ts';
import { type Backoff, backoffDelay, retryAfterMs } from './backoff.ts';
import type { RetryBudget } from './retry-budget.ts';

/** An invalid random number counts as 1, the longest wait: a timer of `NaN` milliseconds fires at once, or never. */
function validRandom(given: number): number {
  return given >= 0 && given <= 1 ? given : 1;
}

/** The wait between two tries. */
export interface Pause {
  readonly delayMs: number;
  /** Gives an unused retry back to the budget. */
  readonly giveBack: (() => void) | undefined;
}

type Plan = (
  error: unknown,
  attempt: number,
  previousMs: number | undefined,
  now: number,
  endsAt: number,
) => Pause | RetryStop;

/** What the decision depends on beside the failed try. */
export interface RetryPlan extends Backoff {
  /** How many tries there may be after the first. */
  readonly maxRetries: number;
  readonly budget: RetryBudget | undefined;
  /** Gives a number from 0 to 1 for the jitter. */
  readonly random: () => number;
}

/** The decision after a failed try: a wait before the next try, or why there is none. */
export function planner(retryPlan: RetryPlan): Plan {
  const { maxRetries, initialDelayMs, maxDelayMs, budget, random } = retryPlan;

  return (error, attempt, previousMs = initialDelayMs, now, endsAt) => {
    if (attempt > maxRetries) return 'max_retries';
    const asked = retryAfterMs(error, now) ?? 0;
    const delayMs = Math.min(
      maxDelayMs,
      Math.max(asked, backoffDelay(retryPlan, attempt, previousMs, validRandom(random()))),
    );
    if (now + delayMs >= endsAt) return 'deadline';
    const giveBack = budget?.takeRetry(now);
    return budget !== undefined && giveBack === undefined ? 'budget' : { delayMs, giveBack };
  };
}
