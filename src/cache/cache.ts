import { isPromise, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';
import { cacheRecorder, type Observation, storeRecorder } from '../telemetry/record/cache.ts';
import { boundedKey, keyPrefix } from './key.ts';
import { type Kept, memoryStore } from './memory-store.ts';
import { type CacheOptions, checkCacheOptions } from './options.ts';
import { refresher } from './refresher.ts';
import { refuseStream } from './refuse-stream.ts';
import { remoteStore } from './remote-store.ts';
import { SingleFlight } from './single-flight.ts';

/**
 * Answers with what the primitive has answered before for the same key. Concurrent misses of one key run the primitive
 * once; that run is aborted only when all who wait for it have given up. A failure is not kept unless `negative` says
 * so; `undefined` and `null` are values like any other. A stream can be read once only: it is refused.
 *
 * Values live in this process, or in `store` where other processes find them too. A store that is dead, slow, full or
 * holds something unreadable is never an error: the primitive runs, and the store's failure is counted. It costs its
 * `timeoutMs` twice at most, to ask and to keep, and once more to drop what it cannot read; after three failures in a
 * row it is asked only once a second.
 *
 * @example
 * const cheap = cache(summarise, { key: (text: string) => text, ttlMs: 3_600_000, maxEntries: 500 });
 *
 * @example
 * const prompt = cache(search, { key: (words: string) => words, ttlMs: 60_000, staleMs: 600_000 });
 *
 * @example
 * const shared = cache(summarise, { key: (text: string) => text, store: keyvStore(keyv), version: '2' });
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when `key` gives no
 * string or the primitive a stream
 */
export function cache<In, Out>(primitive: Primitive<In, Out>, options: CacheOptions<NoInfer<In>>): Primitive<In, Out> {
  checkCacheOptions(options);
  const inner = requirePrimitive('cache', 'primitive', primitive);
  const { key: keyOf, ttlMs, staleMs, negative, maxEntries = 1_000, store, name } = options;
  const { namespace = name ?? inner.name, version = '1' } = options;
  const prefix = keyPrefix(namespace, version);
  // A cache that is bounded by age alone is told apart from one that is bounded by use.
  const type = store?.type ?? (ttlMs !== undefined && options.maxEntries === undefined ? 'ttl' : 'lru');
  const { label, messageName } = namesOf('cache', name, { around: inner });
  const record = cacheRecorder(label, type);
  const memory = store === undefined ? memoryStore<Out>({ ttlMs, staleMs, maxEntries }) : undefined;
  const remote = store && remoteStore<Out>(store, { ttlMs, staleMs }, storeRecorder(label, type));
  const failures = negative && memoryStore<unknown>({ ttlMs: negative.ttlMs, maxEntries });
  const flights = new SingleFlight<Out>();
  const refreshes = staleMs === undefined ? undefined : refresher<Out>(maxEntries);

  /** Runs the primitive and keeps what it gives. */
  async function fill({ input, key, observation }: Lookup<In>, alone: ExecutionContext): Promise<Out> {
    const value = await inner.invoke(input, alone);
    refuseStream(messageName, inner.messageName, value);
    memory?.set(key, value, alone.clock.now());
    if (remote !== undefined) await remote.set(prefix + key, value, alone, observation);
    return value;
  }

  async function miss(lookup: Lookup<In>, alone: ExecutionContext): Promise<Out> {
    const refreshed = refreshes?.join(lookup.key, alone);
    if (refreshed !== undefined) {
      record.hit(lookup.observation);
      return refreshed;
    }
    record.missed(lookup.observation);
    if (failures === undefined) return fill(lookup, alone);
    try {
      return await fill(lookup, alone);
    } catch (error) {
      const answer = alone.scope?.cancelled === true ? false : (negative?.when(error, alone) ?? false);
      const isWorthKeeping = isPromise(answer) ? await untilCancelled(answer, alone.scope) : answer;
      if (isWorthKeeping) failures.set(lookup.key, error, alone.clock.now());
      throw error;
    }
  }

  function hit(kept: Kept<Out>, lookup: Lookup<In>, context: ExecutionContext): Out {
    if (context.clock.now() < kept.freshUntil) {
      record.hit(lookup.observation);
    } else {
      record.hitStale(lookup.observation);
      refreshes?.start(lookup.key, context, (alone) => fill(lookup, alone));
    }
    return kept.value;
  }

  async function consult(lookup: Lookup<In>, alone: ExecutionContext): Promise<Out> {
    const kept = await remote?.get(prefix + lookup.key, alone, lookup.observation);
    return kept === undefined ? miss(lookup, alone) : hit(kept, lookup, alone);
  }

  const look = remote === undefined ? miss : consult;

  function answer(
    input: In,
    given: unknown,
    context: ExecutionContext,
    observation: Observation,
  ): Out | PromiseLike<Out> {
    if (typeof given !== 'string') throw new TypeError(`${messageName}: key must give a text, got ${measure(given)}`);
    const key = boundedKey(given);
    const now = context.clock.now();
    const kept = memory?.get(key, now);
    if (kept !== undefined && now < kept.freshUntil) {
      record.hit(observation);
      return kept.value;
    }
    const lookup: Lookup<In> = { input, key, observation };
    if (kept !== undefined) return hit(kept, lookup, context);
    const failed = failures?.get(key, now);
    if (failed !== undefined) {
      record.hit(observation);
      throw failed.value;
    }
    const shared = flights.join(key, context);
    if (shared !== undefined) {
      record.hit(observation);
      return shared;
    }
    return flights.start(key, context, (alone) => look(lookup, alone));
  }

  return createPrimitive<In, Out>({
    type: 'cache',
    name,
    messageName,
    run: (input, context, observation) => {
      const given = keyOf(input, context);
      if (!isPromise(given)) return answer(input, given, context, observation);
      return untilCancelled(given, context.scope).then((key) => answer(input, key, context, observation));
    },
  });
}

interface Lookup<In> {
  readonly input: In;
  readonly key: string;
  readonly observation: Observation;
}
