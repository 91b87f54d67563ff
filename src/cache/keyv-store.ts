import { AsyncLocalStorage } from 'node:async_hooks';
import { checkOptions, type Rules } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { having, optional, word } from '../core/rules.ts';
import type { CacheEntry, CacheStore } from './store.ts';

/** The part of a Keyv (version 5 or later) that a cache uses. */
export interface KeyvLike {
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: unknown, ttlMs?: number): PromiseLike<unknown>;
  delete(key: string): PromiseLike<unknown>;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  readonly store?: { readonly opts?: { readonly dialect?: unknown } | undefined } | undefined;
}

/** Converts a value for the store, and back. If `encode` throws, no value is kept; if `decode` throws, none is found. */
export interface CacheCodec<Stored> {
  encode(value: unknown): Stored | PromiseLike<Stored>;
  /** May give a promise of the value. */
  decode(stored: Stored): unknown;
}

export interface KeyvStoreOptions<Stored> {
  /** The `cache_type` of the metrics. @default the adapter's dialect such as `redis`, else `keyv` */
  readonly type?: string | undefined;
  /** How long the cache waits for an answer, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * How values that JSON cannot express are written and read. @default Keyv's own serializer: JSON and Buffers; `undefined` stays `undefined`,
   * a Date becomes a text, a Map an empty object
   */
  readonly codec?: CacheCodec<Stored> | undefined;
}

const RULES: Rules<KeyvStoreOptions<never>> = {
  type: optional(word),
  timeoutMs: storeTimeout,
  codec: optional(having('encode', 'decode')),
};

/** Rejects the operation during which Keyv emits `error`. Keyv itself answers as if nothing had failed. */
const operations = new AsyncLocalStorage<(error: unknown) => void>();

/**
 * Keeps a cache's values in a Keyv: in Redis, Valkey, Postgres, a file and so on. Make one store per Keyv and share it
 * among caches. The Keyv remains yours: you connect it, listen to its errors and disconnect it.
 *
 * @example
 * const keyv = createKeyv('redis://localhost:6379'); // from @keyv/redis
 * const shared = cache(summarise, { key: (text: string) => text, ttlMs: 3_600_000, store: keyvStore(keyv) });
 *
 * @example
 * const codec = {
 *   encode: (value: unknown) => v8.serialize(value).toString('base64'),
 *   decode: (text: string) => v8.deserialize(Buffer.from(text, 'base64')),
 * };
 * const store = keyvStore(keyv, { codec, timeoutMs: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function keyvStore<Stored = unknown>(given: KeyvLike, options: KeyvStoreOptions<Stored> = {}): CacheStore {
  checkOptions('KeyvStoreOptions', options, RULES);
  having<KeyvLike>('get', 'set', 'delete')('keyvStore', 'keyv', given);
  const keyv = throwing(given);
  const { timeoutMs, codec } = options;
  const dialect = keyv.store?.opts?.dialect;
  keyv.on?.('error', (error) => operations.getStore()?.(error));

  return {
    type: options.type ?? (typeof dialect === 'string' ? dialect : 'keyv'),
    timeoutMs,
    get: async (key) => {
      const entry = (await ask(() => keyv.get(key))) as CacheEntry | null | undefined;
      if (codec === undefined || typeof entry !== 'object' || entry === null) return entry;
      return { ...entry, value: await decoded(codec, entry.value as Stored) };
    },
    set: async (key, entry, lifetimeMs) => {
      const stored = codec === undefined ? entry : { ...entry, value: await codec.encode(entry.value) };
      if ((await ask(() => keyv.set(key, stored, lifetimeMs))) === false)
        throw new Error('Keyv did not keep the value');
    },
    delete: (key) => ask(() => keyv.delete(key)),
  };
}

/**
 * The same Keyv, of which `get` rejects when its adapter does: since 5.5 it gives `undefined` and says nothing, unless its
 * `throwOnErrors` is set. Setting that would change the user's own calls.
 */
function throwing(keyv: KeyvLike): KeyvLike {
  const view: KeyvLike & { throwOnErrors?: unknown } = Object.create(keyv);
  try {
    if (view.throwOnErrors !== false) return keyv;
  } catch {
    // It has private fields, which only the Keyv itself can read.
    return keyv;
  }
  return Object.defineProperty(view, 'throwOnErrors', { value: true });
}

function ask(call: () => PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    operations.run(reject, () => call().then(resolve, reject));
  });
}

async function decoded<Stored>(codec: CacheCodec<Stored>, stored: Stored): Promise<unknown> {
  try {
    return await codec.decode(stored);
  } catch (cause) {
    throw new SyntaxError('codec.decode cannot read what the store gave', { cause });
  }
}
