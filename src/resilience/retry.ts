import { type Account, openAccount, withAccount } from '../core/accounts.ts';
import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { PrimitiveTimeoutError, rejectedHere } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, milliseconds, number, oneOf, optional, optionalName } from '../core/rules.ts';
import { isStream } from '../core/stream.ts';
import { withTimeLimit } from '../core/time-left.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type RetryResult, type RetryStop, retryRecorder } from '../telemetry/record/retry.ts';
import { JITTERS, type Jitter } from './backoff.ts';
import { Deadline } from './deadline.ts';
import { isTransient, isWorthRetry } from './judge.ts';
import { RetryBudget } from './retry-budget.ts';
import { type Pause, planner } from './retry-plan.ts';

export interface RetryOptions<Out = unknown> {
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
   * Which errors are worth another try. If it throws, there is none. It is not asked about an error that `doNotRetry` has
   * marked.
   * @default what may pass, see "What is worth another try"
   */
  readonly when?: ((error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Which results are worth another try, such as a text that does not parse. The last result is returned, also if it is one
   * of these; the metrics count that as `failure_exhausted`. If it throws, the execution rejects with that error. It is not
   * asked about a stream. @default none
   */
  readonly whenResult?: ((result: Out, context: WorkflowContext) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Called before each wait with the error of the try, `undefined` after a result; `context.attempt` is the number of the
   * try. The wait begins when it has settled. An error that it throws is shown on the span only. @default none
   */
  readonly onRetry?: ((error: unknown, context: WorkflowContext) => unknown) | undefined;
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
  whenResult: optional(callback()),
  onRetry: optional(callback()),
  random: optional(callback()),
};

/**
 * Tries again when the primitive fails, after an exponential backoff with jitter, or, if the error or its response says
 * when (Retry-After), after that time with jitter on top. Rejects with the last error, or, if a try was running at the
 * deadline, with a `PrimitiveTimeoutError` whose cause is the last error. An aborted execution is never tried again, nor a
 * stream that has given its first chunk.
 *
 * @example
 * const steady = retry(task('fetch', fetchPage), { maxRetries: 5, initialDelayMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function retry<In, Out>(
  primitive: Primitive<In, Out>,
  options: RetryOptions<NoInfer<Out>> = {},
): Primitive<In, Out> {
  checkOptions('RetryOptions', options, RULES);
  const inner = requirePrimitive('retry', 'primitive', primitive);
  const { deadlineMs, budget, when = isTransient, whenResult, onRetry, name } = options;
  const { maxRetries = 3, initialDelayMs = 250, maxDelayMs = 30_000, jitter = 'full', random = Math.random } = options;
  const plan = planner({ maxRetries, initialDelayMs, maxDelayMs, jitter, budget, random });
  const { label, messageName } = namesOf('retry', name, { around: inner });
  const record = retryRecorder(label);

  const isWanted = (output: Out, context: ExecutionContext): boolean | PromiseLike<boolean> => {
    if (whenResult === undefined || isStream(output)) return true;
    const answer = whenResult(output, context);
    return isPromise(answer) ? untilCancelled(answer, context.scope).then((isPoor) => !isPoor) : !answer;
  };

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
      const allTries = deadline === undefined ? context : withTimeLimit(context, deadlineMs as number, deadline.scope);
      let attempt = 1;
      let pause: Pause | undefined;
      let failure: { readonly error: unknown } | undefined;
      let stop: RetryStop | undefined;
      let result: RetryResult = 'failure_not_retryable';
      let account: Account | undefined;
      budget?.countTry(clock.now());
      try {
        for (; ; attempt += 1) {
          account = openAccount(allTries);
          const tryContext = withAccount(allTries.atAttempt(attempt), account);
          let output: Out | undefined;
          let failed: { readonly error: unknown } | undefined;
          try {
            output = await untilCancelled(inner.invoke(input, tryContext), deadline?.scope);
          } catch (error) {
            if (tryContext.scope?.cancelled === true) throw error;
            failure = failed = { error };
          }
          if (failed === undefined) {
            const wanted = isWanted(output as Out, tryContext);
            if (typeof wanted === 'boolean' ? wanted : await wanted) {
              result = attempt === 1 ? 'success_first' : 'success_retried';
              return output as Out;
            }
          } else {
            const worth = isWorthRetry(when, failed.error, tryContext, observation);
            if (!(typeof worth === 'boolean' ? worth : await worth)) throw failed.error;
          }
          const answer = failed === undefined ? output : failed.error;
          const [now, date, previousMs] = [clock.now(), context.date(), pause?.delayMs];
          const next = plan({ answer, attempt, previousMs, now, date }, endsAt);
          if (typeof next === 'string') {
            stop = next;
            if (failed !== undefined) throw failed.error;
            result = 'failure_exhausted';
            return output as Out;
          }
          pause = next;
          account.close('retried');
          record.retried(observation, attempt, pause.delayMs, failed);
          try {
            if (onRetry !== undefined) await decide(onRetry, failed?.error, tryContext, observation);
            await tryContext.sleep(pause.delayMs);
          } catch (aborted) {
            pause.giveBack?.();
            throw aborted;
          }
        }
      } catch (error) {
        const expired = deadline?.error;
        if (expired !== undefined && error === expired) {
          stop = 'deadline';
          rejectedHere(expired);
          if (failure !== undefined) expired.cause = failure.error;
        }
        if (stop !== undefined) result = 'failure_exhausted';
        throw error;
      } finally {
        account?.close('kept');
        disarm?.();
        deadline?.dispose();
        record.finished(observation, result, attempt, stop);
      }
    },
  });
}
