/** Decides whether there is another try, and when it starts. */
import type { RetryStop } from '../telemetry/record/retry.ts';
import { askedDelay, type Backoff, backoffDelay } from './backoff.ts';
import { retryAfterMs } from './retry-after.ts';
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

/** A try that was not good enough. */
export interface FailedTry {
  /** The error, or the result, of the try. */
  readonly answer: unknown;
  /** The number of the try; the first is 1. */
  readonly attempt: number;
  /** The wait before the try, in milliseconds; `undefined` before the first. */
  readonly previousMs: number | undefined;
  /** The time of the clock, and the date. */
  readonly now: number;
  readonly date: number;
}

type Plan = (failed: FailedTry, endsAt: number) => Pause | RetryStop;

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
  const { maxRetries, initialDelayMs, budget, random } = retryPlan;

  return ({ answer, attempt, previousMs = initialDelayMs, now, date }, endsAt) => {
    if (attempt > maxRetries) return 'max_retries';
    const askedMs = retryAfterMs(answer, date);
    const jitter = validRandom(random());
    const delayMs =
      askedMs === undefined
        ? backoffDelay(retryPlan, attempt, previousMs, jitter)
        : askedDelay(retryPlan, askedMs, attempt, previousMs, jitter);
    if (now + delayMs >= endsAt) return 'deadline';
    const giveBack = budget?.takeRetry(now);
    return budget !== undefined && giveBack === undefined ? 'budget' : { delayMs, giveBack };
  };
}
