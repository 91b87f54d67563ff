import type { ExecutionContext } from '../core/context.ts';
import { memoryStore } from './memory-store.ts';
import { SingleFlight } from './single-flight.ts';

/** Milliseconds for which a key is left alone whose refresh has failed. */
const PAUSE_MS = 1_000;

/** Runs in the background, one per key at a time, and not again right after one that failed. */
export function refresher<V>(maxEntries: number) {
  const flights = new SingleFlight<V>();
  const resting = memoryStore<true>({ ttlMs: PAUSE_MS, maxEntries });
  return {
    /** The refresh under way for this key as something to wait for, `undefined` when there is none. */
    join: (key: string, context: ExecutionContext) => flights.join(key, context),
    start(key: string, context: ExecutionContext, run: (alone: ExecutionContext) => Promise<V>): void {
      if (flights.has(key) || resting.get(key, context.clock.now()) !== undefined) return;
      flights.startInBackground(key, context, async (alone) => {
        try {
          return await run(alone);
        } catch (error) {
          resting.set(key, true, alone.clock.now());
          throw error;
        }
      });
    },
  };
}
