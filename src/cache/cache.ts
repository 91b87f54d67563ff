import { knownOptions, requireFunction, requireNumber, show } from '../core/options.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { cacheLookups } from '../telemetry/record/cache.ts';
import { memoryStore } from './memory-store.ts';
import { SingleFlight } from './single-flight.ts';

export interface CacheOptions<In> {
  /** Replaces `CachePrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** What makes two inputs the same. Must give a string; whoever shares it shares the value. */
  readonly key: (input: In) => string;
  /** How long a value is good for, in milliseconds. @default for ever */
  readonly ttlMs?: number | undefined;
  /** How many values are kept; the one not used for longest goes first. @default 1000 */
  readonly maxEntries?: number | undefined;
}

/**
 * Answers from memory what the primitive has answered before for the same key. Concurrent misses of one key run the
 * primitive once; that run is aborted only when all who wait for it have given up. A failure is not kept; `undefined`
 * and `null` are values like any other.
 *
 * @example
 * const cheap = cache(summarise, { key: (text: string) => text, ttlMs: 3_600_000, maxEntries: 500 });
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when `key` gives no string
 */
export function cache<In, Out>(primitive: Primitive<In, Out>, options: CacheOptions<NoInfer<In>>): Primitive<In, Out> {
  const inner = requirePrimitive('cache', 'primitive', primitive);
  knownOptions('CacheOptions', options, ['key', 'ttlMs', 'maxEntries', 'name']);
  const { key: keyOf, ttlMs, maxEntries = 1_000, name } = options;
  requireFunction('CacheOptions', 'key', keyOf);
  if (ttlMs !== undefined) requireNumber('CacheOptions', 'ttlMs', ttlMs, { min: 0 });
  requireNumber('CacheOptions', 'maxEntries', maxEntries, { min: 1, integer: true });
  // A cache that is bounded by age alone is told apart from one that is bounded by use.
  const type = ttlMs !== undefined && options.maxEntries === undefined ? 'ttl' : 'lru';
  const lookups = cacheLookups(name ?? 'CachePrimitive', type);
  const store = memoryStore<Out>({ ttlMs, maxEntries });
  const flights = new SingleFlight<Out>();

  return createPrimitive<In, Out>({
    type: 'cache',
    name,
    run: (input, context, observation) => {
      const key = keyOf(input);
      if (typeof key !== 'string') throw new TypeError(`CacheOptions: key must give a string, got ${show(key)}`);
      const kept = store.get(key, context.clock.now());
      if (kept !== undefined) {
        lookups.hit(observation);
        return kept.value;
      }
      const shared = flights.join(key, context);
      if (shared !== undefined) {
        lookups.hit(observation);
        return shared;
      }
      lookups.miss(observation);
      return flights.start(key, context, async (alone) => {
        const value = await inner.invoke(input, alone);
        store.set(key, value, context.clock.now());
        return value;
      });
    },
  });
}
