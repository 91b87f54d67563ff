import { LRUCache } from 'lru-cache';

/** A kept value, boxed so that `undefined` and `null` can be kept too. */
export interface Kept<V> {
  readonly value: V;
  /** Milliseconds since the Unix epoch; from then on it is stale. */
  readonly freshUntil: number;
}

/** How long values are good for, and for how long after that they are better than nothing; milliseconds. */
export interface Lifetime {
  readonly ttlMs?: number | undefined;
  readonly staleMs?: number | undefined;
}

/** Values in this process: least recently used out first, each kept for its lifetime by the clock of whoever asks. */
export function memoryStore<V>({
  ttlMs = Number.POSITIVE_INFINITY,
  staleMs = 0,
  maxEntries,
}: Lifetime & { readonly maxEntries: number }) {
  const entries = new LRUCache<string, Kept<V>>({ max: maxEntries });
  return {
    get(key: string, now: number): Kept<V> | undefined {
      const entry = entries.get(key);
      if (entry === undefined || now < entry.freshUntil + staleMs) return entry;
      entries.delete(key);
      return undefined;
    },
    set(key: string, value: V, now: number): void {
      entries.set(key, { value, freshUntil: now + ttlMs });
    },
  };
}
