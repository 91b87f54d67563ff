import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from '../platform/process-wide.ts';

const storage = processWide('uncounted', () => new AsyncLocalStorage<boolean>());

/**
 * Calls `work` so that the model calls that it makes over `fetch` are not counted: something else counts them. Holds for
 * all that `work` starts, also asynchronously.
 */
export function uncounted<Out>(work: () => Out): Out {
  return storage.run(true, work);
}

/** Whether this is called inside of `uncounted`. */
export function isUncounted(): boolean {
  return storage.getStore() === true;
}
