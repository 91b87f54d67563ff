import { untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { fail, knownOptions, requireFunction, requireNumber } from '../core/options.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { type RetryResult, type RetryStop, retryResults } from '../telemetry/record/retry.ts';
import { backoffDelay, JITTERS, type Jitter, retryAfterMs } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { RetryBudget } from './retry-budget.ts';
import { isTransient } from './transient.ts';

export interface RetryOptions {
  /** Replaces `RetryPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Tries after the first. @default 3 */
  readonly maxRetries?: number | undefined;
  /** The longest wait before the second try, in milliseconds; it doubles from try to try. @default 250 */
  readonly initialDelayMs?: number | undefined;
  /** No wait is longer than this, in milliseconds, also where a server's Retry-After asks for more. @default 30000 */
  readonly maxDelayMs?: number | undefined;
  /**
   * How chance spreads the waits. `full`: a random part of the wait. `decorrelated`: between the first wait and three
   * times the one before. `none`: the whole wait. @default 'full'
   */
  readonly jitter?: Jitter | undefined;
  /**
   * How long all tries and waits together may take, in milliseconds: a wait that would end later is not begun, a try
   * that is still running is aborted. @default no limit
   */
  readonly deadlineMs?: number | undefined;
  /** Shared by the retries of one service: without a retry left in it there is no further try. See `retryBudget`. */
  readonly budget?: RetryBudget | undefined;
  /**
   * Which errors are worth another try.
   * @default all but HTTP's 4xx (an error with such a `status`), of which 408, 409, 425 and 429 still are
   */
  readonly when?: ((error: unknown) => boolean) | undefined;
  /** A number from 0 to 1 for the jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Tries again when the primitive fails: exponential backoff with jitter, and what the server's Retry-After asks for
 * where the error carries one. Rejects with the last error; with a `PrimitiveTimeoutError`, whose cause is the last
 * error, where a try was running at the deadline. An aborted execution is never tried again.
 *
 * @example
 * const steady = retry(task('fetch', fetchPage), { maxRetries: 5, initialDelayMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function retry<In, Out>(primitive: Primitive<In, Out>, options: RetryOptions = {}): Primitive<In, Out> {
  const inner = requirePrimitive('retry', 'primitive', primitive);
  const { deadlineMs, budget, when = isTransient, name } = options;
  const plan = planner(options);
  const label = name ?? inner.name;
  const results = retryResults(name ?? 'RetryPrimitive');

  return createPrimitive<In, Out>({
    type: 'retry',
    name,
    run: async (input, context, observation) => {
      const { clock } = context;
      const deadline = deadlineMs === undefined ? undefined : new Deadline(context);
      const disarm = deadline?.arm(deadlineMs as number, () => new PrimitiveTimeoutError(label, deadlineMs as number));
      const endsAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + deadlineMs;
      const inside = deadline === undefined ? context : context.within(deadline.scope);
      let attempt = 1;
      let pause: Pause | undefined;
      let failure: unknown;
      let stop: RetryStop | undefined;
      let result: RetryResult = 'failure_not_retryable';
      budget?.tried(clock.now());
      try {
        for (; ; attempt += 1) {
          try {
            const output = await untilCancelled(inner.invoke(input, inside), deadline?.scope);
            result = attempt === 1 ? 'success_first' : 'success_retried';
            return output;
          } catch (error) {
            if (inside.scope?.cancelled === true || !when(error)) throw error;
            failure = error;
          }
          const next = plan(failure, attempt, pause?.delayMs, clock.now(), endsAt);
          if (typeof next === 'string') {
            stop = next;
            throw failure;
          }
          pause = next;
          results.again(observation, attempt, pause.delayMs, failure);
          await rest(pause, inside);
        }
      } catch (error) {
        const expired = deadline?.error;
        if (expired !== undefined && error === expired) {
          stop = 'deadline';
          expired.cause = failure;
        }
        if (stop !== undefined) result = 'failure_exhausted';
        throw error;
      } finally {
        disarm?.();
        deadline?.dispose();
        results.finished(observation, result, attempt, stop);
      }
    },
  });
}

/** What comes between two tries. */
interface Pause {
  readonly delayMs: number;
  /** Returns to the budget what the next try would have cost. */
  readonly giveBack: (() => void) | undefined;
}

type Plan = (
  error: unknown,
  attempt: number,
  previousMs: number | undefined,
  now: number,
  endsAt: number,
) => Pause | RetryStop;

/** Checks the options and decides by them. */
function planner(options: RetryOptions): Plan {
  knownOptions('RetryOptions', options, [
    ...['maxRetries', 'initialDelayMs', 'maxDelayMs', 'jitter'],
    ...['deadlineMs', 'budget', 'when', 'random', 'name'],
  ]);
  const { maxRetries = 3, initialDelayMs = 250, maxDelayMs = 30_000, jitter = 'full' } = options;
  const { deadlineMs, budget, when, random = Math.random } = options;
  requireNumber('RetryOptions', 'maxRetries', maxRetries, { min: 0, integer: true });
  requireNumber('RetryOptions', 'initialDelayMs', initialDelayMs, { min: 0 });
  requireNumber('RetryOptions', 'maxDelayMs', maxDelayMs, { min: 0 });
  if (!JITTERS.includes(jitter)) fail('RetryOptions', 'jitter', `must be one of ${JITTERS.join(', ')}`, jitter);
  if (deadlineMs !== undefined) requireNumber('RetryOptions', 'deadlineMs', deadlineMs, { min: 0 });
  if (budget !== undefined && !(budget instanceof RetryBudget)) {
    fail('RetryOptions', 'budget', 'must be made by retryBudget({ … })', budget);
  }
  if (when !== undefined) requireFunction('RetryOptions', 'when', when);
  requireFunction('RetryOptions', 'random', random);
  const backoff = { initialDelayMs, maxDelayMs, jitter };

  return (error, attempt, previousMs = initialDelayMs, now, endsAt) => {
    if (attempt > maxRetries) return 'max_retries';
    const asked = retryAfterMs(error, now) ?? 0;
    const delayMs = Math.min(maxDelayMs, Math.max(asked, backoffDelay(backoff, attempt, previousMs, random())));
    if (now + delayMs >= endsAt) return 'deadline';
    const giveBack = budget?.take(now);
    return budget !== undefined && giveBack === undefined ? 'budget' : { delayMs, giveBack };
  };
}

async function rest({ delayMs, giveBack }: Pause, context: ExecutionContext): Promise<void> {
  try {
    await context.sleep(delayMs);
  } catch (aborted) {
    giveBack?.();
    throw aborted;
  }
}
