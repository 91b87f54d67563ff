import { boundedKey } from '../core/bounded-key.ts';
import { checkOptions, fail, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, milliseconds, number, object, optional, optionalName, word } from '../core/rules.ts';
import { SharedState } from '../core/shared-state.ts';
import { measure } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { cacheRecorder, type Observation, storeRecorder } from '../telemetry/record/cache.ts';
import { type FlightStore, flightStore } from './flight-store.ts';
import { keyPrefix } from './key.ts';
import { createLookUp } from './look-up.ts';
import { remoteStore } from './remote-store.ts';
import { SharedFlights } from './shared-flights.ts';
import { type CacheStore, cacheStore } from './store.ts';

export interface CacheOptions<In = unknown> {
  /** Replaces `CachePrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Gives the key of an input, a string. Inputs with the same key share one value. */
  readonly key: (input: In, context: WorkflowContext) => string | PromiseLike<string>;
  /**
   * How long a value is fresh, in milliseconds. If it becomes shorter, that holds for what a store has already; if it
   * becomes longer, that holds from the next time a value is kept. @default for ever
   */
  readonly ttlMs?: number | undefined;
  /**
   * For how long after `ttlMs` a value is stale but still given, in milliseconds. It is given at once, and the primitive
   * runs in the background to replace it. If that run fails, the value stays, and no run starts for a second. The run may
   * take as long as `staleMs`; then the next execution aborts it and runs the primitive itself. @default 0
   */
  readonly staleMs?: number | undefined;
  /** `{ when(error, context), ttlMs }`: which failures are kept, and for how many milliseconds, in this process. @default none */
  readonly negative?:
    | {
        readonly when: (error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>;
        readonly ttlMs: number;
      }
    | undefined;
  /** How many values (and failures) this process keeps, at most 10,000,000; the least recently used is removed first. @default 1000 */
  readonly maxEntries?: number | undefined;
  /**
   * Where values are kept, if not in this process. See `keyvStore`. From a store each execution gets a copy of the value;
   * without one all executions with the same key get the very object that the primitive gave: do not change it.
   * @default this process
   */
  readonly store?: CacheStore | undefined;
  /** Separates the values of caches that share the `store`. @default `name`, else the name of the primitive, such as `timeout around ask` */
  readonly namespace?: string | undefined;
  /** Change it when stored values must no longer be used: each version has values of its own. @default '1' */
  readonly version?: string | undefined;
  /**
   * Tells other processes that share the `store` what this one runs, so that they wait for its value and do not run the
   * primitive too. See `redisFlightStore`. @default each process runs by itself
   */
  readonly flights?: FlightStore | undefined;
}

const RULES: Rules<CacheOptions<never>> = {
  name: optionalName,
  key: callback(),
  ttlMs: optional(milliseconds),
  staleMs: optional(milliseconds),
  negative: optional(object({ when: callback(), ttlMs: milliseconds })),
  // The memory store allocates room for all of them at once.
  maxEntries: optional(number({ min: 1, max: 10_000_000, integer: true })),
  store: optional(cacheStore),
  namespace: optional(word),
  version: optional(word),
  flights: optional(flightStore),
};

/**
 * Gives the value that the primitive gave before for the same key. Executions that miss the same key at the same time
 * share one run of the primitive; the run is aborted when all of them have been aborted. When the first of them has been
 * aborted, or one has waited until its deadline, the run may hang: later executions start a run of their own. A run that
 * asks for its own key, also by way of other caches, rejects with `CacheCycleError`. A failure is kept only if
 * `negative` says so; `undefined` and `null` are kept as any other value. A stream is refused: it can be read only once.
 *
 * Values are kept in this process, or in `store`, where other processes find them too. A store that does not answer, is
 * slow or full, or has an unreadable value never makes an execution fail: the primitive runs, and the failure of the
 * store is counted. An execution waits for the store at most twice its `timeoutMs`, once to read and once to write, and
 * once more to delete an unreadable value. After three failures in a row the store is asked only once a second.
 *
 * With `flights`, executions of several processes that miss the same key at the same time share one run too, as a rule: the
 * others find its value in the `store`, and that is a hit. Where the run fails, or its process dies, one of the others runs.
 *
 * @example
 * const cheap = cache(summarise, { key: (text: string) => text, ttlMs: 3_600_000, maxEntries: 500 });
 *
 * @example
 * const prompt = cache(search, { key: (words: string) => words, ttlMs: 60_000, staleMs: 600_000 });
 *
 * @example
 * const shared = cache(summarise, { key: (text: string) => text, store: keyvStore(keyv), version: '2' });
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when `key` does not give
 * a string, or the primitive gives a stream; `CacheCycleError` at execution when a run asks for its own key
 */
export function cache<In, Out>(primitive: Primitive<In, Out>, options: CacheOptions<NoInfer<In>>): Primitive<In, Out> {
  checkOptions('CacheOptions', options, RULES);
  if (options.staleMs !== undefined && options.ttlMs === undefined) {
    fail('CacheOptions', 'ttlMs', 'must be given with staleMs, or no value is ever stale', options.ttlMs);
  }
  for (const option of ['namespace', 'version', 'flights'] as const) {
    if (options.store === undefined && options[option] !== undefined)
      fail('CacheOptions', option, 'is of use only together with store', options[option]);
  }
  if (options.store !== undefined && options.maxEntries !== undefined && options.negative === undefined) {
    fail('CacheOptions', 'maxEntries', 'is of use beside a store only for failures, with negative', options.maxEntries);
  }
  const inner = requirePrimitive('cache', 'primitive', primitive);
  const { key: keyOf, ttlMs, staleMs, negative, maxEntries = 1_000, store, flights, name } = options;
  const { namespace = name ?? inner.messageName, version = '1' } = options;
  // `ttl` if only age limits the cache, `lru` if the number of entries limits it.
  const type = store?.type ?? (ttlMs !== undefined && options.maxEntries === undefined ? 'ttl' : 'lru');
  const names = namesOf('cache', name, { around: inner });
  const { label, messageName } = names;
  const lookUp = createLookUp<In, Out>({
    inner,
    messageName,
    prefix: keyPrefix(namespace, version),
    lifetime: { ttlMs, staleMs },
    maxEntries,
    negative,
    remote: store && remoteStore<Out>(store, { ttlMs, staleMs }, storeRecorder(label, type)),
    flights: flights && new SharedFlights(flights, new SharedState(flights.timeoutMs, 'cache', names)),
    record: cacheRecorder(label, type),
  });
  const answer = (input: In, key: unknown, context: ExecutionContext, observation: Observation) => {
    if (typeof key !== 'string') throw new TypeError(`${messageName}: key must give a text, got ${measure(key)}`);
    return lookUp(input, boundedKey(key), context, observation);
  };

  return createPrimitive<In, Out>({
    type: 'cache',
    name,
    around: inner,
    run: (input, context, observation) => {
      const given = keyOf(input, context);
      if (!isPromise(given)) return answer(input, given, context, observation);
      return untilCancelled(given, context.scope).then((key) => answer(input, key, context, observation));
    },
  });
}
