/** How a stage of a saga is done, and what it leaves to undo. */
import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import type { Stage, Step } from './saga-step.ts';

/** What a step leaves to undo: what it has certainly done, or what it may have done. */
export type Effect =
  | { readonly kind: 'done'; readonly step: Step; readonly input: unknown; readonly output: unknown }
  | { readonly kind: 'unknown'; readonly step: Step; readonly input: unknown };

export interface StageResult {
  readonly output: unknown;
  readonly effects: readonly Effect[];
  /** The first error of its steps, or what the saga was aborted with while they ran. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** Runs a stage. A step that nothing can interrupt, or that has nothing to undo, needs no scope of its own. */
export function perform(
  stage: Stage,
  input: unknown,
  context: ExecutionContext,
  graceMs: number,
): Promise<StageResult> {
  const [step] = stage.steps;
  const alone = !stage.together && step !== undefined && (context.scope === undefined || !leavesEffect(step));
  return alone ? performAlone(step, input, context) : performTogether(stage, input, context, graceMs);
}

const NO_EFFECTS: readonly Effect[] = [];

async function performAlone(step: Step, input: unknown, context: ExecutionContext): Promise<StageResult> {
  try {
    const output = await step.work.invoke(input, context);
    const effects: readonly Effect[] = leavesEffect(step) ? [{ kind: 'done', step, input, output }] : NO_EFFECTS;
    return { output, effects, failure: undefined };
  } catch (error) {
    const unknown = leavesEffect(step) && error instanceof PrimitiveTimeoutError;
    return {
      output: undefined,
      effects: unknown ? [{ kind: 'unknown', step, input }] : NO_EFFECTS,
      failure: { error },
    };
  }
}

/**
 * Runs the steps of a stage at once. The first failure, or an abort, interrupts the others: those that can be undone get
 * a grace in which to tell whether they succeeded, the rest are given up on at once.
 */
async function performTogether(
  { steps, together }: Stage,
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
    if ([...running.keys()].some(leavesEffect)) endGrace = context.clock.after(graceMs, () => grace.cancel(error));
    for (const [step, scope] of running) scope.cancel(error, leavesEffect(step) ? grace : undefined);
  };
  const run = async (step: Step, i: number) => {
    if (failure !== undefined) return;
    // `interrupt` listens before it and decides; the tie is for a stream of this step that outlives the saga.
    const scope = new CancelScope(context.scope);
    running.set(step, scope);
    try {
      const work = step.work.invoke(input, context.within(scope));
      outputs[i] = await (leavesEffect(step) ? untilCancelled(work, scope) : work);
      if (leavesEffect(step)) effects.push({ kind: 'done', step, input, output: outputs[i] });
    } catch (error) {
      const interrupted = failure !== undefined || error instanceof PrimitiveTimeoutError;
      if (interrupted && leavesEffect(step)) effects.push({ kind: 'unknown', step, input });
      running.delete(step);
      interrupt(error);
    } finally {
      running.delete(step);
      scope.dispose();
    }
  };

  const ignore = context.scope?.onCancel(interrupt);
  await Promise.all(steps.map(run));
  ignore?.();
  endGrace();
  return { output: together ? outputs : outputs[0], effects, failure };
}

function leavesEffect(step: Step): boolean {
  return step.compensate !== undefined;
}
