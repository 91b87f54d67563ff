import { requireFunction } from '../core/check.ts';
import { contextAround, ExecutionContext, enter } from '../core/context.ts';

const UNCOUNTED = 'uncounted';
/** Where no execution is around. Each execution that begins in it is a run of its own. */
const OUTSIDE = ExecutionContext.remote({}).insideOf(UNCOUNTED, true);

/**
 * Calls `work` so that the model calls that it makes over `fetch` are not counted: something else counts them. Holds for
 * all that `work` starts, also asynchronously.
 *
 * @example
 * const reply = await uncounted(() => askModel('What is a span?')); // its client counts the call itself
 * @throws TypeError when `work` is no function
 */
export function uncounted<Out>(work: () => Out): Out {
  requireFunction('uncounted', 'work', work);
  if (isUncounted()) return work();
  // In the context that there is already: on Node.js 20 each further AsyncLocalStorage slows all promises of a process down.
  return enter(contextAround()?.insideOf(UNCOUNTED, true) ?? OUTSIDE, work);
}

/** Whether this is called inside of `uncounted`. */
export function isUncounted(): boolean {
  return contextAround()?.innermost(UNCOUNTED) === true;
}
