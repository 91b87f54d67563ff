import { checkOptions, type Rules } from '../core/check.ts';
import { CompensationError } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requireList } from '../core/primitive.ts';
import { milliseconds, optional, optionalName } from '../core/rules.ts';
import { sagaRecorder } from '../telemetry/record/saga.ts';
import { type Effect, perform } from './saga-run.ts';
import { type SagaChain, type SagaOutput, type SagaStage, type SagaStageInput, stagesOf } from './saga-step.ts';
import { undo } from './saga-undo.ts';

export interface SagaOptions {
  /** Replaces `SagaPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How long a step with `compensate` may go on after an abort, in milliseconds, to find out whether it succeeds. The
   * saga does not wait for other steps. @default 5000
   */
  readonly graceMs?: number | undefined;
}

const RULES: Rules<SagaOptions> = { name: optionalName, graceMs: optional(milliseconds) };

/**
 * Runs its steps one after the other, each with the output of the step before, and gives the output of the last step.
 * Steps in a nested list run at the same time on the same input and give a tuple. When a step fails, or the execution is
 * aborted, the effects of the steps are undone: the compensations run in reverse order, those of a nested list at the
 * same time.
 *
 * An abort does not stop a compensation. Give compensations a `timeout` or `retry` of their own, and put time limits into
 * the steps: a `timeout` around the saga does not wait for the compensations. A step that was running at the abort is
 * undone if it still succeeds. If it does not, its effect is unknown: a server may have executed the aborted request.
 * Then its `whenUnknown` runs; without a `whenUnknown` the unknown effect is counted. So it is for all work in a step
 * that was interrupted, by a timeout or as the loser of a race, even if a later try failed by itself or succeeded.
 * Nothing is stored: the process must live until the saga has settled.
 *
 * When all compensations have succeeded, the saga rejects with the error that caused them, unchanged. Otherwise it
 * rejects with a `CompensationError` whose `cause` is that error, and which lists every compensation that failed.
 *
 * @example
 * const order = saga([
 *   { name: 'reserve', do: reserve, compensate: task('release', ({ output }: CompensateInput<Cart, Stock>) => free(output)) },
 *   [
 *     { name: 'charge', do: charge, compensate: refund },
 *     { name: 'label', do: printLabel },
 *   ],
 * ]);
 * @throws TypeError, RangeError at construction when there is no step, two steps share a name, or an option is wrong
 */
export function saga<const S extends readonly SagaStage[]>(
  steps: S & SagaChain<S>,
  options: SagaOptions = {},
): Primitive<SagaStageInput<S[0]>, SagaOutput<S>> {
  requireList('saga', 'steps', 'must be a list [{ name, do, compensate }, …]', steps, 'saga([{ name, do }, …])');
  checkOptions('SagaOptions', options, RULES);
  const { name, graceMs = 5_000 } = options;
  const stages = stagesOf(steps);
  const { label, messageName } = namesOf('saga', name);
  const record = sagaRecorder(label);

  return createPrimitive<SagaStageInput<S[0]>, SagaOutput<S>>({
    type: 'saga',
    name,
    run: async (input, context, observation) => {
      const done: (readonly Effect[])[] = [];
      let value: unknown = input;
      for (const stage of stages) {
        const { output, effects, failure } = await perform(stage, value, context, graceMs);
        done.push(effects);
        const cancelled = context.scope?.cancelled === true ? { error: context.scope.reason } : undefined;
        const stop = failure ?? cancelled;
        if (stop !== undefined) {
          const { compensations, failures } = await undo(done, stop.error, context, record, observation);
          throw failures.length === 0
            ? stop.error
            : new CompensationError(messageName, compensations, failures, stop.error);
        }
        value = output;
      }
      return value as SagaOutput<S>;
    },
  });
}
