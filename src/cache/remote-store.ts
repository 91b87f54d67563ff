import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { afterFailure, beforeAsking, HEALTHY } from '../core/health.ts';
import { show } from '../core/show.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { readProperty } from '../platform/read-property.ts';
import type { Observation, StoreOperation, StoreRecorder } from '../telemetry/record/cache.ts';
import type { Kept, Lifetime } from './memory-store.ts';
import type { CacheEntry, CacheStore } from './store.ts';
import { type Worth, worthFrom } from './worth.ts';

export type RemoteStore<V> = ReturnType<typeof remoteStore<V>>;

/**
 * A store that may fail. Every operation has a time limit, no failure reaches the execution, and a store that keeps
 * failing is asked less often.
 */
export function remoteStore<V>(store: CacheStore, { ttlMs, staleMs = 0 }: Lifetime, record: StoreRecorder) {
  const { timeoutMs = 200 } = store;
  const lifetimeMs = ttlMs === undefined ? undefined : Math.ceil(ttlMs + staleMs);
  let health = HEALTHY;

  /**
   * The answer, `undefined` when the store gave none. Rejects at once when the context is cancelled, and with a
   * `SyntaxError` when the stored value is unreadable.
   */
  async function ask<T>(
    operation: StoreOperation,
    context: ExecutionContext,
    observation: Observation,
    call: () => Promise<T>,
  ): Promise<T | undefined> {
    const next = beforeAsking(health, context.clock.now());
    if (next === undefined) {
      record.failed(observation, operation, 'skipped');
      return undefined;
    }
    health = next;
    const scope = new CancelScope(context.scope);
    const disarm = context.after(timeoutMs, () =>
      scope.cancel(new PrimitiveTimeoutError(store.type, timeoutMs), 'timeout'),
    );
    try {
      const answer = await untilCancelled(call(), scope);
      // A store may take values and give none.
      if (operation === 'get') health = HEALTHY;
      return answer;
    } catch (error) {
      context.scope?.throwIfCancelled();
      if (operation === 'get' && readProperty(error, 'name') === 'SyntaxError') {
        health = HEALTHY;
        throw error;
      }
      health = afterFailure(health, context.clock.now());
      record.failed(observation, operation, error instanceof PrimitiveTimeoutError ? 'timeout' : 'failed', { error });
      return undefined;
    } finally {
      disarm();
      scope.dispose();
    }
  }

  function freshUntilOf({ freshUntil, keptAt }: CacheEntry): number {
    const byAge = ttlMs === undefined || keptAt === undefined ? Number.POSITIVE_INFINITY : keptAt + ttlMs;
    return Math.min(freshUntil ?? Number.POSITIVE_INFINITY, byAge);
  }

  return {
    async get(key: string, context: ExecutionContext, observation: Observation): Promise<Kept<V> | undefined> {
      try {
        const entry = await ask('get', context, observation, async () => readEntry(await store.get(key)));
        if (entry === undefined) return undefined;
        // A store is shared with other processes: its times are dates.
        const freshForMs = freshUntilOf(entry) - context.date();
        if (freshForMs + staleMs <= 0) return undefined;
        return {
          value: entry.value as V,
          freshUntil: context.clock.now() + freshForMs,
          worth: worthFrom(entry.dollars),
        };
      } catch (error) {
        context.scope?.throwIfCancelled();
        record.failed(observation, 'get', 'corrupt', { error });
        await ask('delete', context, observation, async () => store.delete(key));
        return undefined;
      }
    },
    async set(key: string, value: V, context: ExecutionContext, observation: Observation, worth: Worth): Promise<void> {
      if (lifetimeMs === 0) return;
      const keptAt = context.date();
      await worth.settled();
      const { dollars } = worth;
      const paid = dollars > 0 ? { dollars } : {};
      const entry = { value, freshUntil: ttlMs === undefined ? null : keptAt + ttlMs, keptAt, ...paid };
      await ask('set', context, observation, async () => store.set(key, entry, lifetimeMs));
    },
  };
}

/** The entry that a store gave. Throws a `SyntaxError` when it is not an entry that a cache has set. */
function readEntry(given: CacheEntry | null | undefined): CacheEntry | undefined {
  if (given === undefined || given === null) return undefined;
  const { freshUntil, keptAt } = given;
  const isRight = (time: unknown) => time === null || Number.isFinite(time);
  if (isRight(freshUntil) && isRight(keptAt ?? null)) return given;
  throw new SyntaxError(`a cache entry must have value and freshUntil, the store gave ${show(given)}`);
}
