/** How a cache finds a value: in memory, in its store, in a run that is under way, or by a run of its own. */
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import type { ObservedPrimitive } from '../core/primitive.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import type { CacheRecorder, Observation } from '../telemetry/record/cache.ts';
import { type Kept, type Lifetime, memoryStore } from './memory-store.ts';
import { refresher } from './refresher.ts';
import { refuseStream } from './refuse-stream.ts';
import type { RemoteStore } from './remote-store.ts';
import type { SharedFlights } from './shared-flights.ts';
import { runAround, SingleFlight } from './single-flight.ts';
import { Worth } from './worth.ts';

export interface LookUpOptions<In, Out> {
  readonly inner: ObservedPrimitive<In, Out>;
  readonly messageName: string;
  /** Goes before every key in the store. */
  readonly prefix: string;
  readonly lifetime: Lifetime;
  readonly maxEntries: number;
  readonly negative:
    | {
        readonly when: (error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>;
        readonly ttlMs: number;
      }
    | undefined;
  /** Where values are kept; `undefined` for this process. */
  readonly remote: RemoteStore<Out> | undefined;
  /** What other processes run; `undefined` where that is not shared. */
  readonly flights: SharedFlights | undefined;
  readonly record: CacheRecorder;
}

interface Lookup<In> {
  readonly input: In;
  readonly key: string;
  readonly observation: Observation;
}

/** Gives the value of a key. */
export function createLookUp<In, Out>(options: LookUpOptions<In, Out>) {
  const { inner, messageName, prefix, lifetime, maxEntries, negative, remote, flights, record } = options;
  const memory = remote === undefined ? memoryStore<Out>({ ...lifetime, maxEntries }) : undefined;
  const failures = negative && memoryStore<unknown>({ ttlMs: negative.ttlMs, maxEntries });
  const runs = new SingleFlight<Out>(messageName);
  const { staleMs } = lifetime;
  const refreshes = staleMs === undefined ? undefined : refresher<Out>({ messageName, longestMs: staleMs, maxEntries });

  /** Runs the primitive and keeps its value. `shared` is the context of a run that several executions may share. */
  async function runAndKeep({ input, key, observation }: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const value = await inner.invoke(input, shared);
    refuseStream(messageName, inner.messageName, value);
    const worth = worthOf(shared);
    memory?.set(key, value, shared.clock.now(), worth);
    if (remote !== undefined) await remote.set(prefix + key, value, shared, observation, worth);
    return value;
  }

  /** Runs the primitive, or waits for the run of another process. `find` is told of the value that this has kept. */
  function runOrWait(
    lookup: Lookup<In>,
    shared: ExecutionContext,
    run: (shared: ExecutionContext) => Promise<Out>,
    find: (kept: Kept<Out>) => void = () => {},
  ): Promise<Out> {
    if (flights === undefined) return run(shared);
    const key = prefix + lookup.key;
    const look = async () => {
      const kept = await remote?.get(key, shared, lookup.observation);
      // A value that is stale is the one that the other process replaces.
      if (kept === undefined || kept.freshUntil <= shared.clock.now()) return undefined;
      find(kept);
      return kept;
    };
    return flights.run(key, shared, lookup.observation, { look, run });
  }

  async function miss(lookup: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const joined = refreshes?.join(lookup.key, shared);
    if (joined !== undefined) {
      record.hit(lookup.observation);
      const refreshed = await joined;
      if (refreshed !== undefined) {
        worthOf(shared).dollars = refreshed.worth.dollars;
        record.saved(lookup.observation, refreshed.worth.dollars);
        return refreshed.value;
      }
    }
    const run = (inRun: ExecutionContext) => {
      if (joined === undefined) record.missed(lookup.observation);
      return runAndKeepFailures(lookup, inRun);
    };
    return runOrWait(lookup, shared, run, ({ worth }) => {
      // The executions that share this run save as much.
      worthOf(shared).dollars = worth.dollars;
      if (joined === undefined) record.hit(lookup.observation);
      record.saved(lookup.observation, worth.dollars);
    });
  }

  async function runAndKeepFailures(lookup: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    if (negative === undefined) return runAndKeep(lookup, shared);
    try {
      return await runAndKeep(lookup, shared);
    } catch (error) {
      const isWorthKeeping =
        shared.scope?.cancelled !== true && (await decide(negative.when, error, shared, lookup.observation));
      if (isWorthKeeping) failures?.set(lookup.key, error, shared.clock.now(), worthOf(shared));
      throw error;
    }
  }

  function hit(kept: Kept<Out>, lookup: Lookup<In>, context: ExecutionContext): Out {
    const isFresh = context.clock.now() < kept.freshUntil;
    if (isFresh) record.hit(lookup.observation);
    else record.hitStale(lookup.observation);
    const run = (inRun: ExecutionContext) => runAndKeep(lookup, inRun);
    const refresh = (shared: ExecutionContext) => runOrWait(lookup, shared, run);
    const isRefreshed = !isFresh && refreshes?.start(lookup.key, context, refresh);
    // A refresh makes the calls that the value would have saved.
    if (isRefreshed !== true) record.saved(lookup.observation, kept.worth.dollars);
    return kept.value;
  }

  async function askStore(lookup: Lookup<In>, shared: ExecutionContext): Promise<Out> {
    const kept = await remote?.get(prefix + lookup.key, shared, lookup.observation);
    if (kept === undefined) return miss(lookup, shared);
    // The executions that share this run save as much.
    worthOf(shared).dollars = kept.worth.dollars;
    return hit(kept, lookup, shared);
  }

  const find = remote === undefined ? miss : askStore;

  return (input: In, key: string, context: ExecutionContext, observation: Observation): Out | PromiseLike<Out> => {
    const now = context.clock.now();
    const kept = memory?.get(key, now);
    if (kept !== undefined && now < kept.freshUntil) {
      record.hit(observation);
      record.saved(observation, kept.worth.dollars);
      return kept.value;
    }
    const lookup: Lookup<In> = { input, key, observation };
    if (kept !== undefined) return hit(kept, lookup, context);
    const failed = failures?.get(key, now);
    if (failed !== undefined) {
      record.hit(observation);
      record.saved(observation, failed.worth.dollars);
      throw failed.value;
    }
    const run = runs.get(key);
    if (run !== undefined) {
      const result = runs.wait(key, run, context);
      record.hit(observation);
      return result.then((value) => {
        record.saved(observation, run.worth.dollars);
        return value;
      });
    }
    return runs.start(key, context, (shared) => find(lookup, shared));
  };
}

/** What the run that this context belongs to costs. */
function worthOf(shared: ExecutionContext): Worth {
  return runAround(shared)?.worth ?? new Worth();
}
