import { LRUCache } from 'lru-cache';

/** A kept value, boxed so that `undefined` and `null` can be kept too. */
export interface Kept<V> {
  readonly value: V;
}

interface Entry<V> extends Kept<V> {
  readonly expiresAt: number;
}

/** Values in this process: least recently used out first, each good for `ttlMs` by the clock of whoever asks. */
export function memoryStore<V>({
  ttlMs = Number.POSITIVE_INFINITY,
  maxEntries,
}: {
  ttlMs?: number | undefined;
  maxEntries: number;
}) {
  const entries = new LRUCache<string, Entry<V>>({ max: maxEntries });
  return {
    get(key: string, now: number): Kept<V> | undefined {
      const entry = entries.get(key);
      if (entry === undefined || now < entry.expiresAt) return entry;
      entries.delete(key);
      return undefined;
    },
    set(key: string, value: V, now: number): void {
      entries.set(key, { value, expiresAt: now + ttlMs });
    },
  };
}
