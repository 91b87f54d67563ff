import { checkOptions, fail, type Rules } from '../core/check.ts';
import { callback, milliseconds, number, object, optional, optionalName, word } from '../core/rules.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type CacheStore, cacheStore } from './store.ts';

export interface CacheOptions<In> {
  /** Replaces `CachePrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** Gives the key of an input, a string. Inputs with the same key share one value. */
  readonly key: (input: In, context: WorkflowContext) => string | PromiseLike<string>;
  /** How long a value is fresh, in milliseconds. @default for ever */
  readonly ttlMs?: number | undefined;
  /**
   * For how long after `ttlMs` a value is stale but still given, in milliseconds. It is given at once, and the primitive
   * runs in the background to replace it. If that run fails, the value stays, and no run starts for a second.
   * @default 0
   */
  readonly staleMs?: number | undefined;
  /** Which failures are kept, and for how many milliseconds. They are kept in this process. @default none */
  readonly negative?:
    | {
        readonly when: (error: unknown, context: WorkflowContext) => boolean | PromiseLike<boolean>;
        readonly ttlMs: number;
      }
    | undefined;
  /** How many values (and failures) this process keeps, at most 10,000,000; the least recently used is removed first. @default 1000 */
  readonly maxEntries?: number | undefined;
  /** Where values are kept, if not in this process. See `keyvStore`. @default this process */
  readonly store?: CacheStore | undefined;
  /** Separates the values of caches that share a store. @default `name`, else the name of the primitive */
  readonly namespace?: string | undefined;
  /** Change it when stored values must no longer be used: each version has values of its own. @default '1' */
  readonly version?: string | undefined;
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
};

/** Refuses options that are wrong. */
export function checkCacheOptions<In>(options: CacheOptions<In>): void {
  checkOptions('CacheOptions', options, RULES);
  if (options.staleMs !== undefined && options.ttlMs === undefined) {
    fail('CacheOptions', 'ttlMs', 'must be given with staleMs, or no value is ever stale', options.ttlMs);
  }
}
