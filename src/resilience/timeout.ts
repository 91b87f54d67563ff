import { checkOptions, fail, type Rules } from '../core/check.ts';
import { PrimitiveTimeoutError, rejectedHere } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { milliseconds, oneOf, optional, optionalName } from '../core/rules.ts';
import { afterOutput, ObservedStream } from '../core/stream.ts';
import { withTimeLimit } from '../core/time-left.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { timeoutRecorder } from '../telemetry/record/timeout.ts';
import { Deadline } from './deadline.ts';

export interface TimeoutOptions {
  /** Replaces `TimeoutPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How long the primitive may take, or a stream until its end, in milliseconds. @default no limit where `idleMs` is given */
  readonly timeoutMs?: number | undefined;
  /**
   * How long the reader of a stream may wait for a chunk, also for the first, in milliseconds. Time in which the reader
   * does not wait is not counted. @default no limit
   */
  readonly idleMs?: number | undefined;
  /**
   * `immediate`: rejects at the deadline, even if the work ignores its signal and goes on. `cooperative`: aborts the work
   * at the deadline and waits until it has settled, at most `graceMs`. @default 'immediate'
   */
  readonly mode?: 'immediate' | 'cooperative' | undefined;
  /** How long aborted work may take to settle in cooperative mode, in milliseconds. @default 5000 */
  readonly graceMs?: number | undefined;
}

const record = timeoutRecorder();
const RULES: Rules<TimeoutOptions> = {
  name: optionalName,
  timeoutMs: optional(milliseconds),
  idleMs: optional(milliseconds),
  mode: optional(oneOf('immediate', 'cooperative')),
  graceMs: optional(milliseconds),
};

/**
 * Aborts the primitive after `timeoutMs`, or a stream whose reader has waited `idleMs` for a chunk, and rejects with
 * `PrimitiveTimeoutError`. In cooperative mode, work that still succeeds within `graceMs` is a success; work that fails
 * within `graceMs` is a timeout, with that failure as its `cause`. An abort by the caller ends the wait at once.
 *
 * @example
 * const prompt = timeout(task('ask', askModel), { timeoutMs: 30_000 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function timeout<In, Out>(primitive: Primitive<In, Out>, options: TimeoutOptions): Primitive<In, Out> {
  const { name, timeoutMs, idleMs, graceMs } = checked(options);
  const inner = requirePrimitive('timeout', 'primitive', primitive);
  const { messageName } = namesOf('timeout', name, { around: inner });

  return createPrimitive<In, Out>({
    type: 'timeout',
    name,
    around: inner,
    run: async (input, context, observation) => {
      record.limited(observation, timeoutMs, idleMs);
      const deadline = new Deadline(context, graceMs);
      const arm = (ms: number | undefined, did?: 'gave nothing for') =>
        ms === undefined ? NOTHING : deadline.arm(ms, () => new PrimitiveTimeoutError(messageName, ms, did));
      const armIdle = () => arm(idleMs, 'gave nothing for');
      const disarm = arm(timeoutMs);
      const disarmIdle = armIdle();
      const end = () => {
        disarm();
        deadline.dispose();
      };
      try {
        const { scope } = deadline;
        const inside = timeoutMs === undefined ? context.within(scope) : withTimeLimit(context, timeoutMs, scope);
        const output = await untilCancelled(inner.invoke(input, inside), scope);
        if (deadline.error !== undefined) record.overran(observation, deadline.overrunMs);
        afterOutput(output, end);
        const timed = idleMs !== undefined && output instanceof ObservedStream;
        return timed ? (withIdleTimer(output, armIdle, deadline) as Out) : output;
      } catch (error) {
        end();
        throw reportedError(error, deadline.error);
      } finally {
        disarmIdle();
      }
    },
  });
}

const NOTHING = () => {};

function checked(options: TimeoutOptions): TimeoutOptions {
  checkOptions('TimeoutOptions', options, RULES);
  const { name, timeoutMs, idleMs, mode = 'immediate', graceMs } = options;
  if (timeoutMs === undefined && idleMs === undefined) {
    throw new TypeError('TimeoutOptions: must say how long, by timeoutMs, idleMs or both, got neither');
  }
  if (graceMs !== undefined && mode === 'immediate') {
    fail('TimeoutOptions', 'graceMs', "needs mode: 'cooperative'", graceMs);
  }
  return { name, timeoutMs, idleMs, graceMs: mode === 'cooperative' ? (graceMs ?? 5_000) : undefined };
}

/** The error of the execution: after the deadline the timeout, with the error of the work as its cause. */
function reportedError(error: unknown, expired: PrimitiveTimeoutError | undefined): unknown {
  if (expired === undefined) return error;
  if (error !== expired) expired.cause = error;
  return rejectedHere(expired);
}

/** The same stream, with a timer that runs while its reader waits. */
function withIdleTimer<T>(
  chunks: ObservedStream<T>,
  arm: () => () => void,
  deadline: Deadline,
): AsyncIterableIterator<T, unknown> {
  const timed = async (answer: Promise<IteratorResult<T, unknown>>) => {
    const disarm = arm();
    try {
      return await answer;
    } catch (error) {
      throw error instanceof PrimitiveTimeoutError && error === deadline.error ? rejectedHere(error) : error;
    } finally {
      disarm();
    }
  };
  return {
    next: () => timed(chunks.next()),
    return: (value) => chunks.return(value),
    throw: (error) => timed(chunks.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
