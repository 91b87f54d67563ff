/** Decides whether there is another try, and when it starts. */
import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import { callback, milliseconds, number, oneOf, optional, optionalName } from '../core/rules.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import type { RetryStop } from '../telemetry/record/retry.ts';
import { backoffDelay, JITTERS, type Jitter, retryAfterMs } from './backoff.ts';
import { RetryBudget } from './retry-budget.ts';

export interface RetryOptions {
  /** Replaces `RetryPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How many tries there may be after the first. @default 3 */
  readonly maxRetries?: number | undefined;
  /**
   * The longest wait before the second try, in milliseconds; the wait doubles from try to try. With decorrelated jitter,
   * the shortest wait before every try. @default 250
   */
  readonly initialDelayMs?: number | undefined;
  /** No wait is longer than this, in milliseconds, also where a server's Retry-After asks for more. @default 30000 */
  readonly maxDelayMs?: number | undefined;
  /**
   * How much of the wait is random. `full`: a random part of the wait. `decorrelated`: a random wait between
   * `initialDelayMs` and three times the last wait. `none`: the whole wait. @default 'full'
   */
  readonly jitter?: Jitter | undefined;
  /**
   * How long all tries and waits together may take, in milliseconds. A wait that would end later does not begin; a try
   * that runs at that time is aborted. @default no limit
   */
  readonly deadlineMs?: number | undefined;
  /** A budget of retries that several primitives share. When it is used up, there is no further try. @default none */
  readonly budget?: RetryBudget | undefined;
  /**
   * Which errors are worth another try.
   * @default all but HTTP's 4xx (an error with such a `status`), of which 408, 409, 425 and 429 still are
   */
  readonly when?: ((error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Gives a number from 0 to 1 for the jitter. Like `Math.random`, it gets no arguments and cannot be asynchronous.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined;
}

const budget: Rule<RetryBudget> = (where, option, value) => {
  if (!(value instanceof RetryBudget)) fail(where, option, 'must be made by retryBudget({ … })', value);
};

const RULES: Rules<RetryOptions> = {
  name: optionalName,
  maxRetries: optional(number({ min: 0, integer: true })),
  initialDelayMs: optional(milliseconds),
  maxDelayMs: optional(milliseconds),
  jitter: optional(oneOf(...JITTERS)),
  deadlineMs: optional(milliseconds),
  budget: optional(budget),
  when: optional(callback()),
  random: optional(callback()),
};

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

/** Checks the options. Returns the decision after a failed try: a wait before the next try, or why there is none. */
export function planner(options: RetryOptions): Plan {
  checkOptions('RetryOptions', options, RULES);
  const { maxRetries = 3, initialDelayMs = 250, maxDelayMs = 30_000, jitter = 'full' } = options;
  const { budget, random = Math.random } = options;
  const backoff = { initialDelayMs, maxDelayMs, jitter };

  return (error, attempt, previousMs = initialDelayMs, now, endsAt) => {
    if (attempt > maxRetries) return 'max_retries';
    const asked = retryAfterMs(error, now) ?? 0;
    const delayMs = Math.min(
      maxDelayMs,
      Math.max(asked, backoffDelay(backoff, attempt, previousMs, validRandom(random()))),
    );
    if (now + delayMs >= endsAt) return 'deadline';
    const giveBack = budget?.takeRetry(now);
    return budget !== undefined && giveBack === undefined ? 'budget' : { delayMs, giveBack };
  };
}
