import { AsyncLocalStorage } from 'node:async_hooks';
import { checkOptions, type Rules } from '../core/check.ts';
import { having, optional, word } from '../core/rules.ts';
import { type CacheEntry, type CacheStore, storeTimeout } from './store.ts';

/** The part of a Keyv (line 5 or later) that a cache uses. */
export interface KeyvLike {
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: unknown, ttlMs?: number): PromiseLike<unknown>;
  delete(key: string): PromiseLike<unknown>;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  readonly store?: { readonly opts?: { readonly dialect?: unknown } | undefined } | undefined;
}

/** Turns a value into what the store can hold, and back. Either may throw: then nothing is kept, or nothing found. */
export interface CacheCodec<Stored> {
  encode(value: unknown): Stored;
  decode(stored: Stored): unknown;
}

export interface KeyvStoreOptions<Stored> {
  /** The `cache_type` of the metrics. @default the adapter's dialect such as `redis`, else `keyv` */
  readonly type?: string | undefined;
  /** How long an answer is waited for, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /**
   * For values that are more than JSON. @default Keyv's own serializer: JSON and Buffers; `undefined` stays `undefined`,
   * a Date becomes a text, a Map an empty object
   */
  readonly codec?: CacheCodec<Stored> | undefined;
}

const RULES: Rules<KeyvStoreOptions<never>> = {
  type: optional(word),
  timeoutMs: storeTimeout,
  codec: optional(having('encode', 'decode')),
};

/** Lets the operation fail in whose course an `error` event came: unless told to throw, Keyv answers as if all were well. */
const operations = new AsyncLocalStorage<(error: unknown) => void>();

/**
 * Keeps a cache's values where a Keyv does: in Redis, Valkey, Postgres, a file and so on. Make one per Keyv and share
 * it among caches. The Keyv stays the caller's: connect, listen and disconnect there.
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
export function keyvStore<Stored = unknown>(keyv: KeyvLike, options: KeyvStoreOptions<Stored> = {}): CacheStore {
  checkOptions('KeyvStoreOptions', options, RULES);
  having<KeyvLike>('get', 'set', 'delete')('keyvStore', 'keyv', keyv);
  const { timeoutMs, codec } = options;
  const dialect = keyv.store?.opts?.dialect;
  keyv.on?.('error', (error) => operations.getStore()?.(error));

  return {
    type: options.type ?? (typeof dialect === 'string' ? dialect : 'keyv'),
    timeoutMs,
    get: async (key) => {
      const entry = (await ask(() => keyv.get(key))) as CacheEntry | null | undefined;
      if (codec === undefined || typeof entry !== 'object' || entry === null) return entry;
      return { ...entry, value: decoded(codec, entry.value as Stored) };
    },
    set: async (key, entry, lifetimeMs) => {
      const stored = codec === undefined ? entry : { ...entry, value: codec.encode(entry.value) };
      if ((await ask(() => keyv.set(key, stored, lifetimeMs))) === false)
        throw new Error('Keyv did not keep the value');
    },
    delete: (key) => ask(() => keyv.delete(key)),
  };
}

function ask(call: () => PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    operations.run(reject, () => call().then(resolve, reject));
  });
}

function decoded<Stored>(codec: CacheCodec<Stored>, stored: Stored): unknown {
  try {
    return codec.decode(stored);
  } catch (cause) {
    throw new SyntaxError('codec.decode cannot read what the store gave', { cause });
  }
}
