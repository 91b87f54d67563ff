import { statSync, writeFileSync } from 'node:fs';
import { messageOf } from '../../../platform/message-of.ts';
import type { FacetsAnswer } from '../api.ts';
import type { StudioSpan } from '../model/span.ts';
import { createMemoryStore } from './memory-store.ts';
import { mergedReads } from './merged-reads.ts';
import { type Failure, failureOf } from './sqlite-error.ts';
import type { SqliteStore } from './sqlite-store.ts';
import { type RunQuery, referenceIn, type StoreLimits, type StudioStore } from './store.ts';

export interface LastingStoreOptions {
  readonly disk: SqliteStore;
  readonly path: string;
  readonly limits: StoreLimits;
  readonly now: () => number;
  /** What was found at the start. */
  readonly notes: readonly string[];
  /** The error where the disk could not be written at the start. */
  readonly unwritable?: unknown;
}

/** Spans that are written at a time: more make a large log, and block for long. */
const BATCH = 1_000;
/** What is kept in memory while the disk cannot be written. */
const MEMORY_BYTES = 64 * 1024 * 1024;
const NO_FACETS: FacetsAnswer = { workflows: [], services: [], models: [], tenants: [], tags: {}, others: 0 };
/** Reads when the file cannot be read. */
const NOTHING: Pick<StudioStore, 'runs' | 'run' | 'spans' | 'facets'> = {
  runs: () => ({ runs: [], next: null }),
  run: () => undefined,
  spans: (_traceId, after) => ({ spans: [], last: after }),
  facets: () => NO_FACETS,
};

/** Its presence says that the database beside it was found damaged while it was in use. */
export const damagedMark = (path: string) => `${path}.damaged`;

/** A trouble with the disk: what is new is in memory until it is over. */
interface Aside {
  readonly failure: Failure;
  readonly message: string;
  readonly memory: StudioStore;
}

/** Keeps runs on disk, and goes on in memory when that fails: it never throws. When the disk works again, they go there. */
export function createLastingStore(options: LastingStoreOptions): StudioStore {
  const { disk, path, limits, now, notes, unwritable } = options;
  const memoryLimits = { ...limits, maxBytes: Math.min(limits.maxBytes, MEMORY_BYTES) };
  const inode = statSync(path).ino;
  let aside: Aside | undefined;
  let isDeleted = false;

  /** From now on in memory. A file that is damaged is not read any more. */
  function goAside(error: unknown): Aside {
    const failure = failureOf(error);
    const isNew = aside === undefined || (failure === 'damaged' && aside.failure !== 'damaged');
    if (!isNew && aside !== undefined) return aside;
    const memory = aside?.memory ?? createMemoryStore(memoryLimits, { now, base: guarded(disk) });
    aside = { failure, message: messageOf(error), memory };
    if (failure === 'damaged') mark();
    return aside;
  }
  function mark(): void {
    try {
      writeFileSync(damagedMark(path), '', { mode: 0o600 });
    } catch {}
  }
  function attempt<T>(work: () => T, otherwise: T): T {
    if (aside?.failure === 'damaged') return otherwise;
    try {
      return work();
    } catch (error) {
      goAside(error);
      return otherwise;
    }
  }
  /** The store on disk, whose errors are answered. */
  function guarded(store: SqliteStore): SqliteStore {
    return {
      ...store,
      runs: (query) => attempt(() => store.runs(query), NOTHING.runs(query)),
      run: (traceId) => attempt(() => store.run(traceId), undefined),
      spans: (...of) => attempt(() => store.spans(...of), NOTHING.spans(...of)),
      facets: () => attempt(() => store.facets(), NO_FACETS),
      find: (traceId) => attempt(() => store.find(traceId), undefined),
      has: (...of) => attempt(() => store.has(...of), false),
    };
  }
  const readable = guarded(disk);
  if (unwritable !== undefined) goAside(unwritable);
  const reads = () => (aside === undefined ? readable : mergedReads(readable, aside.memory));

  /** Moves what is in memory to the disk, if that works again. */
  function comeBack({ memory, failure }: Aside): void {
    if (failure === 'damaged') return;
    try {
      disk.changedBy(memory.change());
      for (const { traceId, receivedMs } of oldestFirst(memory)) {
        for (let last = 0; ; ) {
          const part = memory.spans(traceId, last, BATCH);
          if (part.spans.length === 0) break;
          disk.add(part.spans, receivedMs);
          last = part.last;
        }
      }
      aside = undefined;
    } catch (error) {
      goAside(error);
    }
  }

  const store: StudioStore = {
    add(spans, receivedMs) {
      const changed = new Set<string>();
      for (let from = 0; from < spans.length; from += BATCH) {
        for (const traceId of addBatch(spans.slice(from, from + BATCH), receivedMs)) changed.add(traceId);
      }
      return [...changed];
    },
    runs(query: RunQuery) {
      const page = reads().runs(query);
      // An error in reading shows only now: what is in memory is not in this page.
      return aside === undefined ? page : reads().runs(query);
    },
    run: (traceId) => reads().run(traceId),
    spans: (...of) => reads().spans(...of),
    reference: (traceId) => referenceIn(store, traceId),
    facets: () => reads().facets(),
    change: () => Math.max(disk.change(), aside?.memory.change() ?? 0),
    state() {
      const inMemory = aside?.memory.state();
      const nothing = { kind: 'memory', path, runs: 0, bytes: 0, oldestMs: null, notes: [], ...limits } as const;
      const onDisk = attempt(() => disk.state(), nothing);
      return {
        ...onDisk,
        runs: onDisk.runs + (inMemory?.runs ?? 0),
        oldestMs: onDisk.oldestMs ?? inMemory?.oldestMs ?? null,
        notes: [...notes, ...onDisk.notes, ...troubles()],
      };
    },
    tidy(nowMs) {
      if (aside !== undefined) {
        comeBack(aside);
        aside?.memory.tidy(nowMs);
      }
      attempt(() => disk.tidy(nowMs), undefined);
      isDeleted = statSync(path, { throwIfNoEntry: false })?.ino !== inode;
    },
    close: () => attempt(() => disk.close(), undefined),
  };

  function addBatch(spans: readonly StudioSpan[], receivedMs: number): readonly string[] {
    if (aside !== undefined) return aside.memory.add(spans, receivedMs);
    try {
      return disk.add(spans, receivedMs);
    } catch (error) {
      return goAside(error).memory.add(spans, receivedMs);
    }
  }
  function troubles(): string[] {
    const ofFile = isDeleted
      ? [`${path} was deleted while Studio had it open: what it keeps now is lost when it ends. Start Studio again.`]
      : [];
    return aside === undefined ? ofFile : [...ofFile, TROUBLE[aside.failure](path, aside.message)];
  }
  return store;
}

function* oldestFirst(memory: StudioStore) {
  const rows = memory.runs({ limit: Number.MAX_SAFE_INTEGER }).runs;
  yield* rows.toSorted((one, other) => one.arrival - other.arrival);
}

const TROUBLE: Readonly<Record<Failure, (path: string, message: string) => string>> = {
  full: (path) =>
    `The disk of ${path} is full: new runs are kept in memory, and are lost when Studio ends. Free some space: they are written then.`,
  damaged: (path, message) =>
    `${path} is damaged (${message}): new runs are kept in memory. Start Studio again: it sets the file aside and begins a new one.`,
  locked: (path) => `Another program has locked ${path}: new runs are kept in memory until it ends.`,
  forbidden: (path, message) =>
    `${path} cannot be written (${message}): new runs are kept in memory, and are lost when Studio ends.`,
  other: (path, message) =>
    `${path} cannot be used (${message}): new runs are kept in memory, and are lost when Studio ends.`,
};
