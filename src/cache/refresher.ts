import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { memoryStore } from './memory-store.ts';
import type { SharedRun } from './shared-run.ts';
import { isDeadline, SingleFlight } from './single-flight.ts';
import { Worth } from './worth.ts';

/** How long a key is not refreshed after a refresh of it has failed, in milliseconds. */
const PAUSE_MS = 1_000;
const NOTHING = new Worth();

interface RefresherOptions {
  readonly messageName: string;
  /** How long a refresh may run, in milliseconds. */
  readonly longestMs: number;
  readonly maxEntries: number;
}

/** A refresh, and for how much longer it may run, in milliseconds. */
interface Running<V> {
  readonly run: SharedRun<V>;
  readonly leftMs: number;
}

/**
 * Refreshes values in the background: one run per key at a time, and a pause after a run that failed. A refresh that runs
 * for too long is aborted at the next request for its key. A timer would keep the process alive, so there is no timer.
 */
export function refresher<V>({ messageName, longestMs, maxEntries }: RefresherOptions) {
  const runs = new SingleFlight<V>(messageName);
  const paused = memoryStore<true>({ ttlMs: PAUSE_MS, maxEntries });
  const tooLong = () => new PrimitiveTimeoutError(`the refresh of ${messageName}`, longestMs);

  function running(key: string, now: number): Running<V> | undefined {
    const run = runs.get(key);
    if (run === undefined) return undefined;
    const leftMs = run.startedAt + longestMs - now;
    if (leftMs > 0) return { run, leftMs };
    runs.forget(key, run);
    run.scope.cancel(tooLong(), 'timeout');
    return undefined;
  }

  async function wait(key: string, { run, leftMs }: Running<V>, context: ExecutionContext) {
    const scope = new CancelScope(context.scope);
    const disarm = context.after(leftMs, () => scope.cancel(tooLong(), 'timeout'));
    try {
      return { value: await runs.wait(key, run, context.within(scope)), worth: run.worth };
    } catch (error) {
      if (isDeadline(scope.reason)) run.scope.cancel(scope.reason, scope.outcome);
      context.scope?.throwIfCancelled();
      if (scope.cancelled) return undefined;
      throw error;
    } finally {
      disarm();
      scope.dispose();
    }
  }

  return {
    /**
     * The result of the refresh of the key, and `undefined` if it runs for too long. `undefined` at once when none runs,
     * or an execution waits for it already: a second one asks only if that one has waited for too long.
     */
    join(
      key: string,
      context: ExecutionContext,
    ): Promise<{ readonly value: V; readonly worth: Worth } | undefined> | undefined {
      const found = running(key, context.clock.now());
      if (found === undefined || found.run.waiting > 1) return undefined;
      return wait(key, found, context);
    },
    /** Starts a refresh of the key. False if one runs already, or is not due yet. */
    start(key: string, context: ExecutionContext, run: (shared: ExecutionContext) => Promise<V>): boolean {
      const now = context.clock.now();
      if (running(key, now) !== undefined || paused.get(key, now) !== undefined) return false;
      runs.startInBackground(key, context, async (shared) => {
        try {
          return await run(shared);
        } catch (error) {
          paused.set(key, true, shared.clock.now(), NOTHING);
          throw error;
        }
      });
      return true;
    },
  };
}
