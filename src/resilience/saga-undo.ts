/** Undoes the effects of a saga. */
import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import type { CompensationFailure } from '../core/errors.ts';
import type { Observation, SagaRecorder } from '../telemetry/record/saga.ts';
import type { Effect } from './saga-run.ts';

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
  const uncancellable = context.within(new CancelScope());
  const failures: CompensationFailure[] = [];
  let compensations = 0;
  const undoOne = async (effect: Effect) => {
    const work = compensationOf(effect, error, uncancellable);
    if (work === undefined) {
      record.leftUnknown(observation, effect.step.name);
      return;
    }
    compensations += 1;
    try {
      await work;
      record.compensated(true);
    } catch (reason) {
      record.compensated(false);
      failures.push({ step: effect.step.name, error: reason });
    }
  };
  for (const effects of stages.toReversed()) await Promise.all(effects.map(undoOne));
  return { compensations, failures };
}

function compensationOf(effect: Effect, error: unknown, context: ExecutionContext): Promise<unknown> | undefined {
  const { step, input } = effect;
  return effect.kind === 'done'
    ? step.compensate?.invoke({ input, output: effect.output, error }, context)
    : step.whenUnknown?.invoke({ input, error }, context);
}
