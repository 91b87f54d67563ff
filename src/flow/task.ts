import { noMore, requireFunction, requireName } from '../core/check.ts';
import type { AnyInput } from '../core/inference.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';

/**
 * Makes a primitive of a function. The function may be synchronous; it gets the input and the context (signal, clock,
 * ids, tags). When the context's signal aborts, the task rejects at once with the signal's reason, even while the
 * function goes on: pass `context.signal` to what the function calls.
 *
 * @example
 * const greet = task('greet', async (name: string, context) => `Hello ${name}`);
 * await greet.execute('Ada');
 * @throws TypeError when the name is empty or `fn` is not a function
 */
export function task<In = AnyInput, Out = unknown>(
  name: string,
  fn: (input: In, context: WorkflowContext) => Out | PromiseLike<Out>,
): Primitive<In, Out>;
export function task<In, Out>(
  name: string,
  fn: (input: In, context: WorkflowContext) => Out | PromiseLike<Out>,
  ...more: readonly unknown[]
): Primitive<In, Out> {
  requireName('task', name);
  requireFunction('task', 'fn', fn);
  noMore('task', more, 'a task has no options; wrap it, as in retry(task(…), { maxRetries: 3 })');
  return createPrimitive<In, Out>({
    type: 'task',
    name,
    works: true,
    run: (input, context) => {
      const output = fn(input, context);
      return context.scope !== undefined && isPromise(output) ? untilCancelled(output, context.scope) : output;
    },
  });
}
