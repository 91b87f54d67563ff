import { fail, knownOptions, requireFunction, requireNumber } from '../core/check.ts';
import { type CacheStore, requireStore } from './store.ts';

export interface CacheOptions<In> {
  /** Replaces `CachePrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** What makes two inputs the same: a string. Inputs with the same string share one value. */
  readonly key: (input: In) => string;
  /** How long a value is good for, in milliseconds. @default for ever */
  readonly ttlMs?: number | undefined;
  /**
   * For how long after `ttlMs` a value is better than waiting, in milliseconds: it is answered at once, and the
   * primitive runs in the background to replace it. If that fails the value stays, and is not tried again for a second.
   * @default 0
   */
  readonly staleMs?: number | undefined;
  /** Failures worth keeping: which, and for how many milliseconds. They stay in this process. @default none */
  readonly negative?: { readonly when: (error: unknown) => boolean; readonly ttlMs: number } | undefined;
  /** How many values (and failures) this process keeps, 10,000,000 at most; the one unused for longest goes first. @default 1000 */
  readonly maxEntries?: number | undefined;
  /** Where values are kept, if not in this process. See `keyvStore`. @default this process */
  readonly store?: CacheStore | undefined;
  /** Tells apart the caches that share a store. @default `name`, else the name of the primitive */
  readonly namespace?: string | undefined;
  /** Another version does not see what earlier ones kept in a store. @default '1' */
  readonly version?: string | undefined;
}

const KNOWN = ['key', 'ttlMs', 'staleMs', 'negative', 'maxEntries', 'store', 'namespace', 'version', 'name'] as const;

/** Room for all entries is made at once. */
const MAX_ENTRIES = { min: 1, max: 10_000_000, integer: true };

/** Refuses options that are wrong. */
export function checkOptions<In>(options: CacheOptions<In>): void {
  const where = 'CacheOptions';
  knownOptions(where, options, KNOWN);
  const { key, ttlMs, staleMs, negative, maxEntries, store, namespace, version } = options;
  requireFunction(where, 'key', key);
  if (ttlMs !== undefined) requireNumber(where, 'ttlMs', ttlMs, { min: 0 });
  if (staleMs !== undefined) {
    requireNumber(where, 'staleMs', staleMs, { min: 0 });
    if (ttlMs === undefined) fail(where, 'ttlMs', 'must be given with staleMs, or no value is ever stale', ttlMs);
  }
  if (negative !== undefined) {
    knownOptions(`${where}: negative`, negative, ['when', 'ttlMs']);
    requireFunction(`${where}: negative`, 'when', negative.when);
    requireNumber(`${where}: negative`, 'ttlMs', negative.ttlMs, { min: 0 });
  }
  if (maxEntries !== undefined) requireNumber(where, 'maxEntries', maxEntries, MAX_ENTRIES);
  if (store !== undefined) requireStore(where, store);
  for (const [option, value] of Object.entries({ namespace, version })) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      fail(where, option, 'must be a text that is not empty', value);
  }
}
