import { checkOptions, type Rules } from '../core/check.ts';
import { CompensationError } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { milliseconds, optional, optionalName } from '../core/rules.ts';
import { sagaRecorder } from '../telemetry/record/saga.ts';
import { type Effect, perform } from './saga-run.ts';
import { type SagaChain, type SagaOutput, type SagaStage, type SagaStageInput, stagesOf } from './saga-step.ts';
import { undo } from './saga-undo.ts';

export interface SagaOptions {
  /** Replaces `SagaPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How long a step that can be undone may go on once it was aborted, in milliseconds, to tell whether it had its
   * effect. A step that has no `compensate` is given up on at once. @default 5000
   */
  readonly graceMs?: number | undefined;
}

const RULES: Rules<SagaOptions> = { name: optionalName, graceMs: optional(milliseconds) };

/**
 * Runs its steps one after the other, each with the output of the one before, and gives the last one's output; steps in
 * a nested list run at once on the same input and give a tuple. When a step fails, or the execution is aborted, what was
 * done is undone: the compensations run in reverse order, those of steps that ran at once at once.
 *
 * Compensations run to their end, whatever is aborted meanwhile: give them a `timeout` or `retry` of their own, and put
 * a time limit inside of the steps, since a `timeout` around the saga does not wait for what is being undone. A step that
 * was under way is undone if it succeeds in spite of the abort. If it does not, its effect is unknown (a request whose
 * answer nobody awaited may have been served): that is left to its `whenUnknown`, or counted. The process must live on
 * until the saga has settled; nothing is stored.
 *
 * Rejects with the error that started it, untouched, once all compensations have succeeded; else with a
 * `CompensationError` that has it as `cause` and lists every compensation that failed.
 *
 * @example
 * const order = saga([
 *   { name: 'reserve', do: reserve, compensate: task('release', ({ output }: CompensateInput<Cart, Stock>) => free(output)) },
 *   [
 *     { name: 'charge', do: charge, compensate: refund },
 *     { name: 'label', do: printLabel },
 *   ],
 * ]);
 * @throws TypeError, RangeError at construction when there is no step, two share a name, or an option is wrong
 */
export function saga<const S extends readonly SagaStage[]>(
  steps: S & SagaChain<S>,
  options: SagaOptions = {},
): Primitive<SagaStageInput<S[0]>, SagaOutput<S>> {
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
