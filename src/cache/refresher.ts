import type { ExecutionContext } from '../core/context.ts';
import { memoryStore } from './memory-store.ts';
import { SingleFlight } from './single-flight.ts';

/** How long a key is not refreshed after a refresh of it has failed, in milliseconds. */
const PAUSE_MS = 1_000;

/** Refreshes values in the background: one run per key at a time, and a pause after one that failed. */
export function refresher<V>(maxEntries: number) {
  const runs = new SingleFlight<V>();
  const paused = memoryStore<true>({ ttlMs: PAUSE_MS, maxEntries });
  return {
    /** The result of the refresh that runs for this key, `undefined` when there is none. */
    join: (key: string, context: ExecutionContext) => runs.join(key, context),
    start(key: string, context: ExecutionContext, run: (shared: ExecutionContext) => Promise<V>): void {
      if (runs.has(key) || paused.get(key, context.clock.now()) !== undefined) return;
      runs.startInBackground(key, context, async (shared) => {
        try {
          return await run(shared);
        } catch (error) {
          paused.set(key, true, shared.clock.now());
          throw error;
        }
      });
    },
  };
}
