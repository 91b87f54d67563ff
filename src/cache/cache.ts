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
 * Gives the value that the primitive gave before for the same key. Executions that miss the same key at the same time
 * share one run of the primitive; the run is aborted when all of them have been aborted. A failure is kept only if
 * `negative` says so; `undefined` and `null` are kept as any other value. A stream is refused: it can be read only once.
 *
 * Values are kept in this process, or in `store`, where other processes find them too. A store that does not answer, is
 * slow or full, or has an unreadable value never makes an execution fail: the primitive runs, and the failure of the
 * store is counted. An execution waits for the store at most twice its `timeoutMs`, once to read and once to write, and
 * once more to delete an unreadable value. After three failures in a row the store is asked only once a second.
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
 * a string, or the primitive gives a stream
 */
export function cache<In, Out>(primitive: Primitive<In, Out>, options: CacheOptions<NoInfer<In>>): Primitive<In, Out> {
  checkCacheOptions(options);
  const inner = requirePrimitive('cache', 'primitive', primitive);
  const { key: keyOf, ttlMs, staleMs, negative, maxEntries = 1_000, store, name } = options;
  const { namespace = name ?? inner.name, version = '1' } = options;
  const prefix = keyPrefix(namespace, version);
  // `ttl` if only age limits the cache, `lru` if the number of entries limits it.
  const type = store?.type ?? (ttlMs !== undefined && options.maxEntries === undefined ? 'ttl' : 'lru');
  const { label, messageName } = namesOf('cache', name, { around: inner });
  const record = cacheRecorder(label, type);
  const memory = store === undefined ? memoryStore<Out>({ ttlMs, staleMs, maxEntries }) : undefined;
  const remote = store && remoteStore<Out>(store, { ttlMs, staleMs }, storeRecorder(label, type));
  const failures = negative && memoryStore<unknown>({ ttlMs: negative.ttlMs, maxEntries });
  const runs = new SingleFlight<Out>();
  const refreshes = staleMs === undefined ? undefined : refresher<Out>(maxEntries);

  /** Runs the primitive and keeps its value. `shared` is the context of a run that several executions may share. */
  async function runAndKeep({ input, key, observation }: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const value = await inner.invoke(input, shared);
    refuseStream(messageName, inner.messageName, value);
    memory?.set(key, value, shared.clock.now());
    if (remote !== undefined) await remote.set(prefix + key, value, shared, observation);
    return value;
  }

  async function miss(lookup: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const refreshed = refreshes?.join(lookup.key, shared);
    if (refreshed !== undefined) {
      record.hit(lookup.observation);
      return refreshed;
    }
    record.missed(lookup.observation);
    if (failures === undefined) return runAndKeep(lookup, shared);
    try {
      return await runAndKeep(lookup, shared);
    } catch (error) {
      const answer = shared.scope?.cancelled === true ? false : (negative?.when(error, shared) ?? false);
      const isWorthKeeping = isPromise(answer) ? await untilCancelled(answer, shared.scope) : answer;
      if (isWorthKeeping) failures.set(lookup.key, error, shared.clock.now());
      throw error;
    }
  }

  function hit(kept: Kept<Out>, lookup: Lookup<In>, context: ExecutionContext): Out {
    if (context.clock.now() < kept.freshUntil) {
      record.hit(lookup.observation);
    } else {
      record.hitStale(lookup.observation);
      refreshes?.start(lookup.key, context, (shared) => runAndKeep(lookup, shared));
    }
    return kept.value;
  }

  async function askStore(lookup: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const kept = await remote?.get(prefix + lookup.key, shared, lookup.observation);
    return kept === undefined ? miss(lookup, shared) : hit(kept, lookup, shared);
  }

  const lookUp = remote === undefined ? miss : askStore;

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
    const joined = runs.join(key, context);
    if (joined !== undefined) {
      record.hit(observation);
      return joined;
    }
    return runs.start(key, context, (shared) => lookUp(lookup, shared));
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
