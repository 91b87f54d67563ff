import type { Rule } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { having, word } from '../core/rules.ts';

/** What a cache keeps under a key. */
export interface CacheEntry {
  readonly value: unknown;
  /** When the value turns stale: milliseconds since the Unix epoch, `null` for never. */
  readonly freshUntil: number | null;
  /**
   * When it was kept: milliseconds since the Unix epoch. A cache whose `ttlMs` has become shorter since then counts from
   * here.
   */
  readonly keptAt?: number | undefined;
  /** US dollars of the model calls that made the value, if there were any: a later hit saves them. */
  readonly dollars?: number | undefined;
}

/**
 * Where a cache keeps its values outside of its own process. A store may fail, be slow or lose values: then the cache
 * runs the primitive, as if no value had been kept, and counts the failure.
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
  /** What kind of store it is, such as `redis`: the `cache_type` of the metrics. */
  readonly type: string;
  /** How long the cache waits for an answer, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * The entry that was set for the key; `undefined` or `null` if the store has no entry. Rejects with a
   * `SyntaxError`, as `JSON.parse` does, if the entry cannot be read.
   */
  get(key: string): PromiseLike<CacheEntry | null | undefined> | CacheEntry | null | undefined;
  /** Keeps the entry for `lifetimeMs`, a whole number of milliseconds; for ever if `lifetimeMs` is `undefined`. */
  set(key: string, entry: CacheEntry, lifetimeMs: number | undefined): unknown;
  /** Deletes the entry of the key, if there is one. */
  delete(key: string): unknown;
}

const methods = having<CacheStore>('get', 'set', 'delete');

/** A store: an object with these methods. It may have more. */
export const cacheStore: Rule<CacheStore> = (where, option, value) => {
  methods(where, option, value);
  const { type, timeoutMs } = value as CacheStore;
  word(where, `${option}.type`, type);
  storeTimeout(where, `${option}.timeoutMs`, timeoutMs);
};
