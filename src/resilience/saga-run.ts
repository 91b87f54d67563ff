/** Runs the stages of a saga, and lists the effects that are undone if the saga fails. */
import { type Cancellation, CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { Effects, withEffects } from '../core/effects.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { Stage, Step } from './saga-step.ts';

/** A step with a compensation that has begun. If it has succeeded, `done` has its output. */
export interface Effect {
  readonly step: Step;
  readonly input: unknown;
  readonly done: { readonly output: unknown } | undefined;
  /** What else the work of the step may have done. */
  readonly effects: Effects;
}

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

async function performSimple(step: Step, input: unknown, context: ExecutionContext): Promise<StageResult> {
  const effects = new Effects();
  const inner = hasCompensation(step) ? withEffects(context, effects) : context;
  const undoable = (done: Effect['done']): readonly Effect[] =>
    hasCompensation(step) ? [{ step, input, done, effects }] : [];
  try {
    const output = await step.work.invoke(input, inner);
    return { output, effects: undoable({ output }), failure: undefined };
  } catch (error) {
    return { output: undefined, effects: undoable(undefined), failure: { error } };
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
  const undoable: Effect[] = [];
  const running = new Map<Step, CancelScope>();
  let failure: StageResult['failure'];
  let endGrace = () => {};

  const interrupt = (error: unknown, outcome?: Cancellation) => {
    if (failure !== undefined) return;
    failure = { error };
    const grace = new CancelScope();
    const endTheGrace = () => grace.cancel(error);
    const disarm = [...running.keys()].some(hasCompensation) ? context.after(graceMs, endTheGrace) : () => {};
    endGrace = () => {
      disarm();
      // Work that was left behind, such as the loser of a race, must not wait for the end of the grace for ever.
      endTheGrace();
    };
    for (const [step, scope] of running) scope.cancel(error, outcome, hasCompensation(step) ? grace : undefined);
  };
  const run = async (step: Step, i: number) => {
    if (failure !== undefined) return;
    // An abort runs `interrupt` before it cancels this scope. The parent is for streams that outlive the saga.
    const scope = new CancelScope(context.scope);
    running.set(step, scope);
    try {
      if (hasCompensation(step)) outputs[i] = await runUndoable(step, context.within(scope), scope);
      else outputs[i] = await step.work.invoke(input, context.within(scope));
    } catch (error) {
      running.delete(step);
      interrupt(error);
    } finally {
      running.delete(step);
      scope.dispose();
    }
  };

  const runUndoable = async (step: Step, inner: ExecutionContext, scope: CancelScope): Promise<unknown> => {
    const effects = new Effects();
    let settled = false;
    const work = step.work.invoke(input, withEffects(inner, effects)).finally(() => {
      settled = true;
    });
    try {
      const output = await untilCancelled(work, scope);
      undoable.push({ step, input, done: { output }, effects });
      return output;
    } catch (error) {
      // The grace is over.
      if (!settled) effects.interrupted();
      undoable.push({ step, input, done: undefined, effects });
      throw error;
    }
  };

  const unlisten = context.scope?.onCancel((reason) => interrupt(reason, context.cancellation));
  await Promise.all(steps.map(run));
  unlisten?.();
  endGrace();
  return { output: concurrent ? outputs : outputs[0], effects: undoable, failure };
}

function hasCompensation(step: Step): boolean {
  return step.compensate !== undefined;
}
