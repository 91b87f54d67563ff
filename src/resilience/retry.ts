import { untilCancelled } from '../core/cancellation.ts';
import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { PrimitiveTimeoutError, rejectedHere } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, milliseconds, number, oneOf, optional, optionalName } from '../core/rules.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type RetryResult, type RetryStop, retryRecorder } from '../telemetry/record/retry.ts';
import { JITTERS, type Jitter } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { RetryBudget } from './retry-budget.ts';
import { type Pause, planner } from './retry-plan.ts';
import { isTransient } from './transient.ts';

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
   * @default all errors, except those with a `status` from 400 to 499 other than 408, 409, 425 and 429
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

/**
 * Tries again when the primitive fails, after an exponential backoff with jitter, or after the server's Retry-After if
 * the error carries one. Rejects with the last error, or, if a try was running at the deadline, with a
 * `PrimitiveTimeoutError` whose cause is the last error. An aborted execution is never tried again, nor a stream
 * that has given its first chunk.
 *
 * @example
 * const steady = retry(task('fetch', fetchPage), { maxRetries: 5, initialDelayMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function retry<In, Out>(primitive: Primitive<In, Out>, options: RetryOptions = {}): Primitive<In, Out> {
  checkOptions('RetryOptions', options, RULES);
  const inner = requirePrimitive('retry', 'primitive', primitive);
  const { deadlineMs, budget, when = isTransient, name, maxRetries = 3, random = Math.random } = options;
  const { initialDelayMs = 250, maxDelayMs = 30_000, jitter = 'full' } = options;
  const plan = planner({ maxRetries, initialDelayMs, maxDelayMs, jitter, budget, random });
  const { label, messageName } = namesOf('retry', name, { around: inner });
  const record = retryRecorder(label);

  return createPrimitive<In, Out>({
    type: 'retry',
    name,
    around: inner,
    run: async (input, context, observation) => {
      const { clock } = context;
      const deadline = deadlineMs === undefined ? undefined : new Deadline(context);
      const disarm = deadline?.arm(
        deadlineMs as number,
        () => new PrimitiveTimeoutError(messageName, deadlineMs as number),
      );
      const endsAt = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + deadlineMs;
      const tryContext = deadline === undefined ? context : context.within(deadline.scope);
      let attempt = 1;
      let pause: Pause | undefined;
      let failure: unknown;
      let stop: RetryStop | undefined;
      let result: RetryResult = 'failure_not_retryable';
      budget?.countTry(clock.now());
      try {
        for (; ; attempt += 1) {
          try {
            const output = await untilCancelled(inner.invoke(input, tryContext), deadline?.scope);
            result = attempt === 1 ? 'success_first' : 'success_retried';
            return output;
          } catch (error) {
            if (tryContext.scope?.cancelled === true) throw error;
            failure = error;
            const answer = decide(when, error, tryContext, observation);
            if (!(typeof answer === 'boolean' ? answer : await answer)) throw error;
          }
          const next = plan(failure, attempt, pause?.delayMs, clock.now(), endsAt);
          if (typeof next === 'string') {
            stop = next;
            throw failure;
          }
          pause = next;
          record.retried(observation, attempt, pause.delayMs, failure);
          await waitFor(pause, tryContext);
        }
      } catch (error) {
        const expired = deadline?.error;
        if (expired !== undefined && error === expired) {
          stop = 'deadline';
          if (failure !== undefined) expired.cause = failure;
          rejectedHere(expired);
        }
        if (stop !== undefined) result = 'failure_exhausted';
        throw error;
      } finally {
        disarm?.();
        deadline?.dispose();
        record.finished(observation, result, attempt, stop);
      }
    },
  });
}

async function waitFor({ delayMs, giveBack }: Pause, context: ExecutionContext): Promise<void> {
  try {
    await context.sleep(delayMs);
  } catch (aborted) {
    giveBack?.();
    throw aborted;
  }
}
