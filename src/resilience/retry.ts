import { isPromise, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { type RetryResult, type RetryStop, retryRecorder } from '../telemetry/record/retry.ts';
import { Deadline } from './deadline.ts';
import { type Pause, planner, type RetryOptions } from './retry-plan.ts';
import { isTransient } from './transient.ts';

/**
 * Tries again when the primitive fails, after an exponential backoff with jitter, or after the server's Retry-After if
 * the error carries one. Rejects with the last error, or, if a try was running at the deadline, with a
 * `PrimitiveTimeoutError` whose cause is the last error. An aborted execution is never tried again.
 *
 * @example
 * const steady = retry(task('fetch', fetchPage), { maxRetries: 5, initialDelayMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function retry<In, Out>(primitive: Primitive<In, Out>, options: RetryOptions = {}): Primitive<In, Out> {
  const plan = planner(options);
  const inner = requirePrimitive('retry', 'primitive', primitive);
  const { deadlineMs, budget, when = isTransient, name } = options;
  const { label, messageName } = namesOf('retry', name, { around: inner });
  const record = retryRecorder(label);

  return createPrimitive<In, Out>({
    type: 'retry',
    name,
    messageName,
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
            const answer = when(error, tryContext);
            if (!(isPromise(answer) ? await untilCancelled(answer, tryContext.scope) : answer)) throw error;
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
