/** Undoes the effects of a saga. */
import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { Effects, withEffects } from '../core/effects.ts';
import type { CompensationFailure } from '../core/errors.ts';
import type { ObservedPrimitive } from '../core/primitive.ts';
import type { Observation, SagaRecorder } from '../telemetry/record/saga.ts';
import type { Effect } from './saga-run.ts';
import type { Step } from './saga-step.ts';
import { isInDoubt } from './unanswered.ts';

export interface UndoResult {
  readonly compensations: number;
  readonly failures: readonly CompensationFailure[];
}

/**
 * Undoes the effects of the stages, the last stage first; effects of one stage at the same time. It goes on after an
 * abort, and after a compensation that fails.
 */
export async function undo(
  stages: readonly (readonly Effect[])[],
  error: unknown,
  context: ExecutionContext,
  record: SagaRecorder,
  observation: Observation,
): Promise<UndoResult> {
  // Compensations are no work of a step of another saga around this one.
  const uncancellable = withEffects(context.within(new CancelScope()), new Effects());
  const failures: CompensationFailure[] = [];
  let compensations = 0;
  const compensate = async <In>(step: Step, work: ObservedPrimitive<In, unknown>, input: In) => {
    compensations += 1;
    try {
      await work.invoke(input, uncancellable);
      record.compensated(observation, step.name, undefined);
    } catch (reason) {
      record.compensated(observation, step.name, { error: reason });
      failures.push({ step: step.name, error: reason });
    }
  };
  const undoOne = async ({ step, input, done, effects }: Effect) => {
    if (done !== undefined && step.compensate !== undefined) {
      await compensate(step, step.compensate, { input, output: done.output, error });
    }
    // After the compensation: else `whenUnknown` might find the effect that is undone already.
    if (!isInDoubt(effects)) return;
    if (step.whenUnknown === undefined) record.leftUnknown(observation, step.name);
    else await compensate(step, step.whenUnknown, { input, error });
  };
  for (const effects of stages.toReversed()) await Promise.all(effects.map(undoOne));
  return { compensations, failures };
}
