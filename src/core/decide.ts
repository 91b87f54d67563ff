import { type Observation, recordCallbackError } from '../telemetry/record/callback.ts';
import type { ExecutionContext } from './context.ts';
import { isPromise, untilCancelled } from './until-cancelled.ts';
import type { WorkflowContext } from './workflow-context.ts';

/**
 * What a user's `when` says about an error of the work. A `when` that throws says no, so that the execution rejects with
 * the error of the work; the span shows the error of `when` as an event. Rejects only when the context is cancelled.
 */
export function decide(
  when: (error: unknown, context: WorkflowContext) => unknown,
  error: unknown,
  context: ExecutionContext,
  observation: Observation,
): boolean | Promise<boolean> {
  try {
    const answer = when(error, context);
    return isPromise(answer) ? decideLater(answer, context, observation) : Boolean(answer);
  } catch (thrown) {
    return no(thrown, observation);
  }
}

async function decideLater(
  answer: PromiseLike<unknown>,
  context: ExecutionContext,
  observation: Observation,
): Promise<boolean> {
  try {
    return Boolean(await untilCancelled(answer, context.scope));
  } catch (thrown) {
    if (context.scope?.cancelled === true && thrown === context.scope.reason) throw thrown;
    return no(thrown, observation);
  }
}

function no(thrown: unknown, observation: Observation): boolean {
  recordCallbackError(observation, thrown);
  return false;
}
