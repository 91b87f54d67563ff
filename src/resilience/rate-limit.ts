import { isPromise, untilCancelled } from '../core/cancellation.ts';
import { checkOptions, fail, failRange, type Rules, requireNumber } from '../core/check.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { RateLimitError } from '../core/refusals.ts';
import { callback, milliseconds, number, oneOf, optional, optionalName } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { rateLimitRecorder } from '../telemetry/record/rate-limit.ts';
import { Permits } from './permits.ts';

export interface RateLimitOptions<In = never> {
  /** Replaces `RateLimitPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How many permits there are within `perMs`, spread evenly over that time. */
  readonly permits: number;
  /** The time within which there are `permits` permits, in milliseconds. */
  readonly perMs: number;
  /** How many unused permits gather at most: so many may be used at once. @default `permits` */
  readonly burst?: number | undefined;
  /** How many permits an execution needs, such as the tokens of its prompt. @default 1 each */
  readonly weight?: ((input: In, context: WorkflowContext) => number | PromiseLike<number>) | undefined;
  /** `wait`: an execution without enough permits waits for them. `reject`: it is refused. @default 'wait' */
  readonly mode?: 'wait' | 'reject' | undefined;
  /** How long an execution may wait, in milliseconds. If it would wait longer, it is refused at once. @default any time */
  readonly maxWaitMs?: number | undefined;
  /** How many executions may wait; more are refused. @default 1000 */
  readonly maxQueue?: number | undefined;
}

const RULES: Rules<RateLimitOptions> = {
  name: optionalName,
  permits: number({ min: 0 }),
  perMs: number({ min: 1 }),
  burst: optional(number({ min: 0 })),
  weight: optional(callback()),
  mode: optional(oneOf('wait', 'reject')),
  maxWaitMs: optional(milliseconds),
  maxQueue: optional(number({ min: 0, integer: true })),
};

const WEIGHT = { min: 0 };

/**
 * Starts no more executions than `permits` within `perMs` after a first burst, by a token bucket. An execution needs one
 * permit, or as many as its `weight`. Executions wait first come, first served, also for unequal weights, and leave the
 * line at once when they are aborted. A refused execution rejects with `RateLimitError`, which says when there are enough
 * permits for it.
 *
 * @example
 * const steady = rateLimit(summarise, { permits: 90_000, perMs: 60_000, weight: (text: string) => text.length / 4 });
 * @throws TypeError, RangeError at construction when an option is wrong; at execution when a weight is not a number of 0 or more
 */
export function rateLimit<In, Out>(
  primitive: Primitive<In, Out>,
  options: RateLimitOptions<NoInfer<In>>,
): Primitive<In, Out> {
  const { name, rules, weight, longestMs, maxQueue } = settings(options);
  const inner = requirePrimitive('rateLimit', 'primitive', primitive);
  const { label, messageName } = namesOf('rate_limit', name, { around: inner });
  const record = rateLimitRecorder(label);
  const permits = new Permits(rules);

  function refuse(needed: number, waitMs: number, room: boolean): void {
    if (waitMs > longestMs) {
      const why = longestMs === 0 ? 'too few are left' : `the wait would be longer than maxWaitMs, ${longestMs} ms`;
      throw new RateLimitError(messageName, needed, why, waitMs);
    }
    if (!room) throw new RateLimitError(messageName, needed, `maxQueue, ${maxQueue}, executions wait already`, waitMs);
  }

  return createPrimitive<In, Out>({
    type: 'rate_limit',
    name,
    messageName,
    run: async (input, context, observation) => {
      const given = weight === undefined ? 1 : weight(input, context);
      const needed = isPromise(given) ? await untilCancelled(given, context.scope) : given;
      if (typeof needed !== 'number')
        throw new TypeError(`${messageName}: weight must be a number, got ${measure(needed)}`);
      requireNumber(messageName, 'weight', needed, WEIGHT);
      if (needed > rules.burst) {
        throw new RateLimitError(messageName, needed, `there are never more than burst, ${rules.burst}, at once`);
      }
      const now = context.clock.now();
      if (!permits.tryTake(needed, now)) {
        refuse(needed, permits.waitMs(needed, now), permits.waiting < maxQueue);
        const since = record.queued(observation, context.clock);
        try {
          await permits.wait(needed, context);
        } finally {
          record.waited(observation, context.clock, since);
        }
      }
      return await inner.invoke(input, context);
    },
  });
}

function settings<In>(options: RateLimitOptions<In>) {
  const where = 'RateLimitOptions';
  checkOptions(where, options, RULES);
  const { name, permits, perMs, burst = permits, weight, mode = 'wait', maxWaitMs, maxQueue = 1_000 } = options;
  if (permits === 0) failRange(where, 'permits', 'must be above 0, or nothing would ever run', permits);
  requireNumber(where, 'burst', burst, { min: weight === undefined ? 1 : 0 });
  if (mode === 'reject' && maxWaitMs !== undefined)
    fail(where, 'maxWaitMs', "is of use only in mode 'wait'", maxWaitMs);
  const longestMs = mode === 'reject' ? 0 : (maxWaitMs ?? Number.POSITIVE_INFINITY);
  return { name, rules: { permits, perMs, burst }, weight, longestMs, maxQueue };
}
