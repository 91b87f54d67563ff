import { knownOptions, requireFunction, requireNumber } from '../core/options.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { type RetryResult, retryResults } from '../telemetry/record/retry.ts';
import { fullJitter, retryAfterMs } from './backoff.ts';
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
   * Which errors are worth another try.
   * @default all but HTTP's 4xx (an error with such a `status`), of which 408, 409, 425 and 429 still are
   */
  readonly when?: ((error: unknown) => boolean) | undefined;
  /** A number from 0 to 1 for the jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Tries again when the primitive fails: exponential backoff with full jitter, and what the server's Retry-After asks
 * for where the error carries one. Rejects with the last error. An aborted execution is never tried again.
 *
 * @example
 * const steady = retry(task('fetch', fetchPage), { maxRetries: 5, initialDelayMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function retry<In, Out>(primitive: Primitive<In, Out>, options: RetryOptions = {}): Primitive<In, Out> {
  const inner = requirePrimitive('retry', 'primitive', primitive);
  knownOptions('RetryOptions', options, ['maxRetries', 'initialDelayMs', 'maxDelayMs', 'when', 'random', 'name']);
  const {
    maxRetries = 3,
    initialDelayMs = 250,
    maxDelayMs = 30_000,
    when = isTransient,
    random = Math.random,
  } = options;
  requireNumber('RetryOptions', 'maxRetries', maxRetries, { min: 0, integer: true });
  requireNumber('RetryOptions', 'initialDelayMs', initialDelayMs, { min: 0 });
  requireNumber('RetryOptions', 'maxDelayMs', maxDelayMs, { min: 0 });
  requireFunction('RetryOptions', 'when', when);
  requireFunction('RetryOptions', 'random', random);
  const backoff = { initialDelayMs, maxDelayMs };
  const results = retryResults(options.name ?? 'RetryPrimitive');

  return createPrimitive<In, Out>({
    type: 'retry',
    name: options.name,
    run: async (input, context, observation) => {
      let attempt = 1;
      let result: RetryResult = 'failure_not_retryable';
      try {
        for (; ; attempt += 1) {
          try {
            const output = await inner.invoke(input, context);
            result = attempt === 1 ? 'success_first' : 'success_retried';
            return output;
          } catch (error) {
            if (context.scope?.cancelled === true || !when(error)) throw error;
            if (attempt > maxRetries) {
              result = 'failure_exhausted';
              throw error;
            }
            const asked = retryAfterMs(error, context.clock.now()) ?? 0;
            const delayMs = Math.min(maxDelayMs, Math.max(asked, fullJitter(backoff, attempt, random())));
            results.again(observation, attempt, delayMs, error);
            await context.sleep(delayMs);
          }
        }
      } finally {
        results.finished(observation, result, attempt);
      }
    },
  });
}
