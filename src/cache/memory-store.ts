import { LRUCache } from 'lru-cache';
import type { Worth } from './worth.ts';

/** A kept value, in an object so that `undefined` and `null` can be kept too. */
export interface Kept<V> {
  readonly value: V;
  /** When it becomes stale, in milliseconds of the clock's `now()`. */
  readonly freshUntil: number;
  /** What it cost to make it. */
  readonly worth: Worth;
}

/** How long values are fresh, and for how long afterwards they are stale but still usable, in milliseconds. */
export interface Lifetime {
  readonly ttlMs?: number | undefined;
  readonly staleMs?: number | undefined;
}

/** Values in this process. The least recently used is removed first; whether a value has expired is judged by `now`. */
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
    set(key: string, value: V, now: number, worth: Worth): void {
      entries.set(key, { value, freshUntil: now + ttlMs, worth });
    },
  };
}
