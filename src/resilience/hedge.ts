import { checkOptions, fail, type Rules, requireNumber } from '../core/check.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, count, milliseconds, number, optional, optionalName } from '../core/rules.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type HedgeResult, hedgeRecorder } from '../telemetry/record/hedge.ts';
import { isTransient, isWorthRetry } from './judge.ts';
import { RecentDurations } from './recent-durations.ts';
import { Tries } from './tries.ts';

export interface HedgeOptions {
  /** Replaces `HedgePrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How long to wait for an answer before the next try starts, in milliseconds; 0 starts all tries at once. With
   * `percentile`, used until there are enough samples. @default none: give this one, `percentile`, or both
   */
  readonly delayMs?: number | undefined;
  /**
   * Uses this percentile of the recent durations as the delay: 95 starts a second try for the slowest 5 in 100.
   * @default none: the delay is `delayMs`
   */
  readonly percentile?: number | undefined;
  /** How many durations `percentile` needs. Before, `delayMs` is used; without it only a failure starts a try. @default 20 */
  readonly minimumSamples?: number | undefined;
  /** How many durations are kept; the newest replaces the oldest. @default 200 */
  readonly maxSamples?: number | undefined;
  /** How many tries there may be after the first. @default 1 */
  readonly maxHedges?: number | undefined;
  /**
   * Which errors are worth another try; any other error ends the execution. If it throws, there is none. It is not asked
   * about an error that `doNotRetry` has marked.
   * @default what may pass, see "What is worth another try"
   */
  readonly when?: ((error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>) | undefined;
}

const RULES: Rules<HedgeOptions> = {
  name: optionalName,
  delayMs: optional(milliseconds),
  percentile: optional(number({ min: 1, max: 100 })),
  minimumSamples: optional(count),
  maxSamples: optional(number({ min: 1, max: 100_000, integer: true })),
  maxHedges: optional(count),
  when: optional(callback()),
};

/**
 * Starts a second try when the first is late, or at once when the first has failed. The first answer wins, and the other
 * tries are aborted; the cost of an aborted call to a model is still counted. Rejects with the last error when every try
 * has failed. The work must be safe to run twice.
 *
 * @example
 * const quick = hedge(task('read', readReplica), { percentile: 95, delayMs: 200 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function hedge<In, Out>(primitive: Primitive<In, Out>, options: HedgeOptions): Primitive<In, Out> {
  const { name, maxHedges, when, delay } = settings(options);
  const inner = requirePrimitive('hedge', 'primitive', primitive);
  const { label, messageName } = namesOf('hedge', name, { around: inner });
  const record = hedgeRecorder(label);

  return createPrimitive<In, Out>({
    type: 'hedge',
    name,
    around: inner,
    run: (input, context, observation) => {
      const tries = new Tries(inner, input, context);
      return tries.decidedBy(async () => {
        const delayMs = delay.now();
        const startedAt = delay.learns ? context.clock.now() : 0;
        const isCancelled = () => context.scope?.cancelled === true;
        // After a cancellation no try begins. Tries that run may still succeed if the cancellation grants a grace.
        const mayStart = () => tries.started <= maxHedges && !isCancelled();
        let result: HedgeResult = 'none';
        try {
          tries.start();
          for (;;) {
            // Tries may have ended while `when` was awaited.
            let failure = tries.nextFailure();
            if (tries.answer === undefined && failure === undefined && (delayMs !== 0 || !mayStart())) {
              await tries.next(mayStart() ? delayMs : undefined);
              failure = tries.nextFailure();
            }
            if (tries.answer !== undefined) {
              const { index, output } = tries.answer;
              if (index > 0) result = 'hedge';
              else result = tries.started === 1 ? 'primary' : 'primary_hedged';
              // A first try that lost took at least this long. Without such samples the percentile would be too low.
              if (delay.learns && !tries.firstFailed) delay.learn(context.clock.now() - startedAt);
              return output;
            }
            if (failure !== undefined) {
              if (tries.running + tries.failuresLeft === 0 && !mayStart()) throw failure.error;
              if (!isCancelled()) {
                const answer = isWorthRetry(when, failure.error, context, observation);
                // An answer of another try does not wait for what `when` says of this one.
                const isWorth = isPromise(answer) ? await Promise.race([answer, tries.answered()]) : answer;
                if (tries.answer === undefined && !isWorth) throw failure.error;
              }
              if (tries.answer !== undefined || !mayStart()) record.failed(observation, failure);
            }
            if (tries.answer !== undefined || !mayStart()) continue;
            record.hedged(observation, tries.started + 1, failure);
            tries.start();
          }
        } finally {
          // The last tries may have ended at the same time.
          for (let left = tries.nextFailure(); left !== undefined; left = tries.nextFailure()) {
            record.failed(observation, left);
          }
          tries.end(`${messageName}: the execution has ended without this try`);
          record.finished(observation, result);
        }
      });
    },
  });
}

function settings(options: HedgeOptions) {
  const where = 'HedgeOptions';
  checkOptions(where, options, RULES);
  const {
    name,
    delayMs,
    percentile,
    minimumSamples = 20,
    maxSamples = 200,
    maxHedges = 1,
    when = isTransient,
  } = options;
  requireNumber(where, 'minimumSamples', minimumSamples, { min: 1, max: maxSamples, integer: true });
  for (const option of ['minimumSamples', 'maxSamples'] as const) {
    if (percentile === undefined && options[option] !== undefined)
      fail(where, option, 'is of use only together with percentile', options[option]);
  }
  if (percentile !== undefined) {
    return { name, maxHedges, when, delay: percentileDelay(percentile, minimumSamples, maxSamples, delayMs) };
  }
  if (delayMs === undefined) {
    throw new TypeError('HedgeOptions: must say when a try is late, by delayMs or percentile, got neither');
  }
  return { name, maxHedges, when, delay: { learns: false, now: () => delayMs, learn: () => {} } };
}

function percentileDelay(percent: number, minimumSamples: number, maxSamples: number, before: number | undefined) {
  const durations = new RecentDurations(maxSamples);
  return {
    learns: true,
    // Timers count whole milliseconds: a delay below one would hedge every execution.
    now: () => (durations.count < minimumSamples ? before : Math.max(1, durations.percentile(percent) ?? 1)),
    learn: (ms: number) => durations.add(ms),
  };
}
