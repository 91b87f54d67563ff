import { isStream } from '../core/stream.ts';

/** Closes a value that is a stream, and throws: a second reader of a kept stream would find it empty. */
export function refuseStream(cacheName: string, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return;
  if (isStream(value)) value.return?.().catch(() => {});
  throw new TypeError(
    `${cacheName}: ${name} gave a stream, which can be read once only; collect its chunks before the cache, ` +
      `or put the cache around the primitives before the stream`,
  );
}
