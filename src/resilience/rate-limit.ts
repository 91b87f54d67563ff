import { boundedKey } from '../core/bounded-key.ts';
import { checkOptions, fail, failRange, type Rules, requireNumber } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { RateLimitError } from '../core/refusals.ts';
import { callback, milliseconds, number, oneOf, optional, optionalName } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type Observation, rateLimitRecorder } from '../telemetry/record/rate-limit.ts';
import type { Meter } from './meter.ts';
import { Permits } from './permits.ts';
import { type RateLimitStore, rateLimitStore, type SharedBucket } from './rate-limit-store.ts';
import { SharedPermits } from './shared-permits.ts';
import { SlidingWindow } from './sliding-window.ts';
import { type BucketRules, bucketMeter } from './token-bucket.ts';

export interface RateLimitOptions<In = unknown> {
  /** Replaces `RateLimitPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How many permits there are within `perMs`. */
  readonly permits: number;
  /** The time within which there are `permits` permits, in milliseconds. */
  readonly perMs: number;
  /**
   * `window`: never more than `permits` in any `perMs`, whenever it begins. `bucket`: permits flow in evenly, and up to
   * `burst` unused ones gather, so that up to `burst` + `permits` start within `perMs` after a rest. Ask the provider
   * which of them it uses. @default 'window'
   */
  readonly algorithm?: 'window' | 'bucket' | undefined;
  /** How many unused permits gather in a `bucket`: so many may be used at once. @default `permits` */
  readonly burst?: number | undefined;
  /** How many permits an execution needs, such as the tokens of its prompt. @default 1 each */
  readonly weight?: ((input: In, context: WorkflowContext) => number | PromiseLike<number>) | undefined;
  /** `wait`: an execution without enough permits waits for them. `reject`: it is refused. @default 'wait' */
  readonly mode?: 'wait' | 'reject' | undefined;
  /** How long an execution may wait, in milliseconds. If it would wait longer, it is refused at once. @default any time */
  readonly maxWaitMs?: number | undefined;
  /** How many executions may wait in mode `wait`; more are refused. @default 1000 */
  readonly maxQueue?: number | undefined;
  /**
   * Where the permits of a `bucket` are kept, if several processes share them: see `redisRateLimitStore`. Give a `name`:
   * limits with the same name and rules share their permits. @default this process
   */
  readonly store?: RateLimitStore | undefined;
}

const RULES: Rules<RateLimitOptions<never>> = {
  name: optionalName,
  permits: number({ min: 0 }),
  perMs: number({ min: 1 }),
  algorithm: optional(oneOf('window', 'bucket')),
  burst: optional(number({ min: 0 })),
  weight: optional(callback()),
  mode: optional(oneOf('wait', 'reject')),
  maxWaitMs: optional(milliseconds),
  maxQueue: optional(number({ min: 0, integer: true })),
  store: optional(rateLimitStore),
};

const WEIGHT = { min: 0 };
const NO_BOUNDS = { longestMs: Number.POSITIVE_INFINITY, maxQueue: Number.POSITIVE_INFINITY };

/**
 * Never starts more executions than `permits` within any `perMs`. An execution needs one permit, or as many as its
 * `weight`; it takes them when it starts, also inside another execution of the same limit, and gives none back.
 * Executions wait first come, first served, also for unequal weights, and leave the line at once when they are aborted. A
 * refused execution rejects with `RateLimitError`, which says when there are enough permits for it.
 *
 * With a `store`, all processes together start no more than the rules allow, and the executions of each process start in
 * their order. If the store does not answer, each process goes on with its share of the limit, and a metric says so.
 *
 * @example
 * const steady = rateLimit(summarise, { permits: 90_000, perMs: 60_000, weight: (text: string) => text.length / 4 });
 *
 * @example
 * const bursts = rateLimit(task('query', queryDatabase), { algorithm: 'bucket', permits: 10, perMs: 1_000, burst: 50 });
 * @throws TypeError, RangeError at construction when an option is wrong; at execution when a weight is not a number of 0 or more
 */
export function rateLimit<In, Out>(
  primitive: Primitive<In, Out>,
  options: RateLimitOptions<NoInfer<In>>,
): Primitive<In, Out> {
  const { name, meter, bucket, tooHeavy, weight, longestMs, maxQueue, store } = settings(options);
  const inner = requirePrimitive('rateLimit', 'primitive', primitive);
  const names = namesOf('rate_limit', name, { around: inner });
  const { label, messageName } = names;
  const record = rateLimitRecorder(label);
  const own = new Permits(meter);
  const shared = store && bucket && new SharedPermits(store, named(bucket, messageName), names);

  function refuseIfNeeded(permits: Permits, needed: number, now: number): void {
    const room = permits.waiting < maxQueue;
    // To work out the wait takes longer the more executions are in the line.
    if (room && longestMs === Number.POSITIVE_INFINITY) return;
    const waitMs = permits.waitMs(needed, now);
    if (waitMs > longestMs || !room) refuse(needed, waitMs, waitMs <= longestMs);
  }

  function refuse(needed: number, waitMs: number, isFull: boolean): never {
    const tooLong = longestMs === 0 ? 'too few are left' : `the wait would be longer than maxWaitMs, ${longestMs} ms`;
    const why = isFull ? `maxQueue, ${maxQueue}, executions wait already` : tooLong;
    throw new RateLimitError(messageName, needed, why, waitMs);
  }

  async function waited<T>(start: () => Promise<T>, context: ExecutionContext, observation: Observation): Promise<T> {
    const since = record.queued(observation, context.clock);
    try {
      return await start();
    } finally {
      record.waited(observation, context.clock, since);
    }
  }

  function take(
    permits: Permits,
    needed: number,
    context: ExecutionContext,
    observation: Observation,
    mayRefuse = true,
  ) {
    const now = context.clock.now();
    const grant = permits.tryTake(needed, now);
    if (grant !== undefined) return grant;
    if (mayRefuse) refuseIfNeeded(permits, needed, now);
    return waited(() => permits.wait(needed, context), context, observation);
  }

  async function takeShared(
    permits: SharedPermits,
    needed: number,
    context: ExecutionContext,
    observation: Observation,
  ) {
    // Who has been in a line once is refused no more.
    for (let bounds = { longestMs, maxQueue }; ; bounds = NO_BOUNDS) {
      const turn = await permits.take(needed, bounds, context, observation);
      if (turn.kind === 'now') return undefined;
      if (turn.kind === 'refused') refuse(needed, turn.waitMs, turn.isFull);
      if (turn.kind === 'local') {
        const grant = await take(turn.permits, needed, context, observation, bounds !== NO_BOUNDS);
        if (grant !== undefined) return grant;
      } else if (await waited(() => turn.started, context, observation)) return undefined;
    }
  }

  return createPrimitive<In, Out>({
    type: 'rate_limit',
    name,
    around: inner,
    run: async (input, context, observation) => {
      const given = weight === undefined ? 1 : weight(input, context);
      const needed = isPromise(given) ? await untilCancelled(given, context.scope) : given;
      if (typeof needed !== 'number')
        throw new TypeError(`${messageName}: weight must be a number, got ${measure(needed)}`);
      requireNumber(messageName, 'weight', needed, WEIGHT);
      if (needed > meter.most) throw new RateLimitError(messageName, needed, tooHeavy);
      const taken =
        shared === undefined
          ? take(own, needed, context, observation)
          : takeShared(shared, needed, context, observation);
      const grant = isPromise(taken) ? await taken : taken;
      const running = inner.invoke(input, context);
      // The window counts from here: the work has certainly begun.
      if (grant !== undefined) grant.at = context.clock.now();
      return await running;
    },
  });
}

function settings<In>(options: RateLimitOptions<In>) {
  const where = 'RateLimitOptions';
  checkOptions(where, options, RULES);
  const { name, permits, weight, mode = 'wait', maxWaitMs, maxQueue = 1_000, store } = options;
  if (permits === 0) failRange(where, 'permits', 'must be above 0, or nothing would ever run', permits);
  for (const option of ['maxWaitMs', 'maxQueue'] as const) {
    if (mode === 'reject' && options[option] !== undefined)
      fail(where, option, "is of use only in mode 'wait'", options[option]);
  }
  if (store !== undefined && options.algorithm !== 'bucket')
    fail(where, 'algorithm', "must be 'bucket' with store: processes share no window", options.algorithm);
  const longestMs = mode === 'reject' ? 0 : (maxWaitMs ?? Number.POSITIVE_INFINITY);
  return { name, ...meterOf(where, options), weight, longestMs, maxQueue, store };
}

/** The meter, and why it can never give a weight that is too large for it. */
function meterOf(
  where: string,
  options: RateLimitOptions<never>,
): { readonly meter: Meter; readonly bucket?: BucketRules; readonly tooHeavy: string } {
  const { permits, perMs, algorithm = 'window', burst, weight } = options;
  const least = { min: weight === undefined ? 1 : 0 };
  if (algorithm === 'window') {
    if (burst !== undefined) fail(where, 'burst', "is of use only with algorithm 'bucket'", burst);
    requireNumber(where, 'permits', permits, least);
    return {
      meter: new SlidingWindow(permits, perMs),
      tooHeavy: `there are never more than permits, ${permits}, within perMs`,
    };
  }
  const size = burst ?? permits;
  requireNumber(where, 'burst', size, least);
  const bucket = { permits, perMs, burst: size };
  return {
    meter: bucketMeter(bucket),
    bucket,
    tooHeavy: `there are never more than burst, ${size}, at once`,
  };
}

/** Limits with the same name and rules have one bucket, and others have others. */
function named(rules: BucketRules, name: string): SharedBucket {
  const { permits, perMs, burst } = rules;
  return { ...rules, bucket: boundedKey(`${name}:${permits}/${perMs}/${burst}`) };
}
