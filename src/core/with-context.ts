import { requireFunction } from './check.ts';
import { contextAround, ExecutionContext, enter } from './context.ts';
import { contextOptions } from './execute-options.ts';
import type { ContextOptions } from './workflow-context.ts';

/**
 * Calls `work` so that all that it starts has these ids, tags, tenant or clock: executions, and model calls that no primitive
 * makes, also asynchronous ones. What is left out is inherited. Returns what `work` returns.
 *
 * @example
 * app.get('/answer', (request) => withContext({ tenant: request.customer }, () => answer.execute(request.question)));
 * @throws TypeError when a field of the context is wrong, or `work` is no function
 */
export function withContext<Out>(context: ContextOptions, work: () => Out): Out {
  contextOptions('withContext', 'context', context);
  requireFunction('withContext', 'work', work);
  const around = contextAround();
  // Outside of an execution, each execution of `work` is a run of its own.
  const isTemplate = around === undefined || !around.isInExecution;
  const inner = around?.with(context, isTemplate) ?? ExecutionContext.remote(context);
  return enter(inner, work);
}
