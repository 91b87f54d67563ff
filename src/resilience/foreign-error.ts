/**
 * Reads the errors of other libraries. Each library has its own names for status and headers, and many put the error that
 * matters into `cause`. Nothing is trusted: a getter may throw, causes may go in a circle.
 */
import { readProperty } from '../platform/read-property.ts';

/** So many errors are read at most, the outermost first. */
const MAX_ERRORS = 16;

/** The errors that an error was made of. `lastError` is that of the AI SDK's `RetryError`. */
export function innerErrors(error: unknown): readonly unknown[] {
  const inner = [readProperty(error, 'cause'), readProperty(error, 'lastError')];
  const several = readProperty(error, 'errors');
  if (Array.isArray(several)) inner.push(...several.slice(0, MAX_ERRORS));
  return [...new Set(inner)].filter((each) => typeof each === 'object' && each !== null);
}

/** The error and the errors that it was made of. */
export function* errorsWithin(error: unknown): Generator<unknown, void, undefined> {
  const found = new Set<unknown>([error]);
  for (const each of found) {
    yield each;
    for (const inner of innerErrors(each)) if (found.size < MAX_ERRORS) found.add(inner);
  }
}

/** The beginning of a text property, empty if it is no text: a message may be as long as a reply. */
export function textOf(error: object, key: string): string {
  const value = readProperty(error, key);
  return typeof value === 'string' ? value.slice(0, 300) : '';
}

const STATUS_KEYS = ['status', 'statusCode', 'status_code', 'code', 'httpStatusCode', 'httpStatus'] as const;
/** Where an error has its status if not in itself: the response, or its body. */
const STATUS_PLACES = ['response', 'httpResponse', '$metadata', 'meta', 'data', 'error'] as const;

/** The status from 400 to 599 of the HTTP response that an error stands for. */
export function statusOf(error: unknown): number | undefined {
  return statusIn(error) ?? firstOf(STATUS_PLACES, (key) => statusIn(readProperty(error, key)));
}

function statusIn(place: unknown): number | undefined {
  if (typeof place !== 'object' || place === null) return undefined;
  return firstOf(STATUS_KEYS, (key) => asStatus(readProperty(place, key)));
}

function firstOf<K, T>(keys: readonly K[], read: (key: K) => T | undefined): T | undefined {
  for (const key of keys) {
    const found = read(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : value;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined;
}

const RESPONSE_KEYS = ['response', 'rawResponse', '$response'] as const;

/** A header of the HTTP response that an error stands for; `name` in lower case. */
export function headerOf(error: unknown, name: string): string | undefined {
  const places = [
    readProperty(error, 'headers'),
    readProperty(error, 'responseHeaders'),
    ...RESPONSE_KEYS.map((key) => readProperty(readProperty(error, key), 'headers')),
  ];
  for (const headers of places) {
    const value = first(lookUp(headers, name));
    if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
  }
  return undefined;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** Headers are a `Headers`, a `Map`, a list of pairs, a flat list of names and values, or an object. */
function lookUp(headers: unknown, name: string): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  try {
    const get = readProperty(headers, 'get');
    const found = typeof get === 'function' ? get.call(headers, name) : undefined;
    if (found !== undefined && found !== null) return found;
    const isName = (key: unknown) => String(key).toLowerCase() === name;
    const entries: unknown[] =
      Symbol.iterator in headers ? [...(headers as Iterable<unknown>)] : Object.entries(headers);
    const pair = entries.find((entry) => Array.isArray(entry) && isName(entry[0]));
    if (pair !== undefined) return (pair as unknown[])[1];
    const at = Array.isArray(headers) ? entries.findIndex((entry, i) => i % 2 === 0 && isName(entry)) : -1;
    return at < 0 ? undefined : entries[at + 1];
  } catch {
    return undefined;
  }
}
