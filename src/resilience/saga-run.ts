/** Runs the stages of a saga, and lists the effects that are undone if the saga fails. */
import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import type { Stage, Step } from './saga-step.ts';

/** An effect to undo: `done` if the step succeeded, `unknown` if it may have had its effect. */
export type Effect =
  | { readonly kind: 'done'; readonly step: Step; readonly input: unknown; readonly output: unknown }
  | { readonly kind: 'unknown'; readonly step: Step; readonly input: unknown };

export interface StageResult {
  readonly output: unknown;
  readonly effects: readonly Effect[];
  /** The first error of the steps, or the reason of an abort while they ran. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Runs a stage. A single step needs a scope only if it has a compensation and can be interrupted. */
export function perform(
  stage: Stage,
  input: unknown,
  context: ExecutionContext,
  graceMs: number,
): Promise<StageResult> {
  const [step] = stage.steps;
  const isSimple = !stage.concurrent && step !== undefined && (context.scope === undefined || !hasCompensation(step));
  return isSimple ? performSimple(step, input, context) : performInterruptible(stage, input, context, graceMs);
}

const NO_EFFECTS: readonly Effect[] = [];

async function performSimple(step: Step, input: unknown, context: ExecutionContext): Promise<StageResult> {
  try {
    const output = await step.work.invoke(input, context);
    const effects: readonly Effect[] = hasCompensation(step) ? [{ kind: 'done', step, input, output }] : NO_EFFECTS;
    return { output, effects, failure: undefined };
  } catch (error) {
    const unknown = hasCompensation(step) && error instanceof PrimitiveTimeoutError;
    return {
      output: undefined,
      effects: unknown ? [{ kind: 'unknown', step, input }] : NO_EFFECTS,
      failure: { error },
    };
  }
}

/**
 * Runs the steps of a stage at the same time. The first failure, or an abort, interrupts the other steps. Steps that have
 * a compensation get a grace in which they may still succeed.
 */
async function performInterruptible(
  { steps, concurrent }: Stage,
  input: unknown,
  context: ExecutionContext,
  graceMs: number,
): Promise<StageResult> {
  const outputs = new Array<unknown>(steps.length);
  const effects: Effect[] = [];
  const running = new Map<Step, CancelScope>();
  let failure: StageResult['failure'];
  let endGrace = () => {};

  const interrupt = (error: unknown) => {
    if (failure !== undefined) return;
    failure = { error };
    const grace = new CancelScope();
    if ([...running.keys()].some(hasCompensation)) endGrace = context.clock.after(graceMs, () => grace.cancel(error));
    for (const [step, scope] of running) scope.cancel(error, hasCompensation(step) ? grace : undefined);
  };
  const run = async (step: Step, i: number) => {
    if (failure !== undefined) return;
    // An abort runs `interrupt` before it cancels this scope. The parent is for streams that outlive the saga.
    const scope = new CancelScope(context.scope);
    running.set(step, scope);
    try {
      const work = step.work.invoke(input, context.within(scope));
      outputs[i] = await (hasCompensation(step) ? untilCancelled(work, scope) : work);
      if (hasCompensation(step)) effects.push({ kind: 'done', step, input, output: outputs[i] });
    } catch (error) {
      const interrupted = failure !== undefined || error instanceof PrimitiveTimeoutError;
      if (interrupted && hasCompensation(step)) effects.push({ kind: 'unknown', step, input });
      running.delete(step);
      interrupt(error);
    } finally {
      running.delete(step);
      scope.dispose();
    }
  };

  const unlisten = context.scope?.onCancel(interrupt);
  await Promise.all(steps.map(run));
  unlisten?.();
  endGrace();
  return { output: concurrent ? outputs : outputs[0], effects, failure };
}

function hasCompensation(step: Step): boolean {
  return step.compensate !== undefined;
}
