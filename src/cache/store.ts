import type { Rule } from '../core/check.ts';
import { having, number, optional, word } from '../core/rules.ts';

/** What a cache keeps under a key. */
export interface CacheEntry {
  readonly value: unknown;
  /** When the value turns stale: milliseconds since the Unix epoch, `null` for never. */
  readonly freshUntil: number | null;
}

/**
 * Where a cache keeps its values when that is not its own process. It may fail, be slow or lose what it was given: the
 * cache then runs the primitive, as if nothing had been kept, and counts it.
 *
 * @example
 * const files: CacheStore = {
 *   type: 'file',
 *   get: async (key) => JSON.parse(await readFile(pathOf(key), 'utf8')),
 *   set: (key, entry) => writeFile(pathOf(key), JSON.stringify(entry)),
 *   delete: (key) => rm(pathOf(key)),
 * };
 */
export interface CacheStore {
  /** The store's own word for what it is, such as `redis`: the `cache_type` of the metrics. */
  readonly type: string;
  /** How long an answer is waited for, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * What was set for the key; `undefined` or `null` where there is nothing. Rejects with a `SyntaxError`, as
   * `JSON.parse` does, where something is kept that cannot be read.
   */
  get(key: string): PromiseLike<CacheEntry | null | undefined> | CacheEntry | null | undefined;
  /** Keeps the entry, for good where `lifetimeMs` (milliseconds, a whole number) is `undefined`. */
  set(key: string, entry: CacheEntry, lifetimeMs: number | undefined): unknown;
  /** Drops what was set for the key, if anything was. */
  delete(key: string): unknown;
}

const methods = having<CacheStore>('get', 'set', 'delete');

/** How long a store may take: it must be asked for at least a millisecond. */
export const storeTimeout = optional(number({ min: 1 }));

/** What can be a store. It may have more than that. */
export const cacheStore: Rule<CacheStore> = (where, option, value) => {
  methods(where, option, value);
  const { type, timeoutMs } = value as CacheStore;
  word(where, `${option}.type`, type);
  storeTimeout(where, `${option}.timeoutMs`, timeoutMs);
};
