import { readProperty } from '../platform/read-property.ts';

/** The wait before the next try, in milliseconds. Pure: the random number is a parameter. */

export const JITTERS = ['full', 'decorrelated', 'none'] as const;
export type Jitter = (typeof JITTERS)[number];

export interface Backoff {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: Jitter;
}

/**
 * Exponential backoff: the wait after attempt `attempt` (the first is 1), in milliseconds. The delay doubles with every
 * attempt. `random` is from 0 to 1. Full jitter waits that part of the delay. Decorrelated jitter waits between the
 * first delay and three times `previousMs`, the last wait.
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelay(backoff: Backoff, attempt: number, previousMs: number, random: number): number {
  const { initialDelayMs, maxDelayMs, jitter } = backoff;
  if (jitter === 'decorrelated') {
    const span = Math.max(0, 3 * previousMs - initialDelayMs);
    return Math.min(maxDelayMs, initialDelayMs + random * span);
  }
  const delayMs = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(attempt - 1, 1_000));
  return jitter === 'none' ? delayMs : random * delayMs;
}

/**
 * The wait that an error asks for, in milliseconds from `now` (milliseconds since the epoch): its `retryAfterMs`, or its
 * header `retry-after-ms` or `Retry-After` (seconds or an HTTP date). `undefined` when the error has none of them, or an
 * invalid one.
 */
export function retryAfterMs(error: unknown, now: number): number | undefined {
  const own = readProperty(error, 'retryAfterMs');
  if (typeof own === 'number' && own >= 0 && Number.isFinite(own)) return own;
  const inMs = header(error, 'retry-after-ms');
  if (inMs !== undefined && isNumber(inMs)) return Number(inMs);
  const value = header(error, 'retry-after');
  if (value === undefined) return undefined;
  if (isNumber(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text.trim());
}

/** A header of the error itself or of its `response`. Headers are a `Headers` or a plain object. */
function header(error: unknown, name: string): string | undefined {
  for (const source of [readProperty(error, 'headers'), readProperty(readProperty(error, 'response'), 'headers')]) {
    if (typeof source !== 'object' || source === null) continue;
    const value = lookUp(source, name);
    if (typeof value === 'string' || typeof value === 'number') return String(value);
  }
  return undefined;
}

function lookUp(headers: object, name: string): unknown {
  const get = readProperty(headers, 'get');
  try {
    if (typeof get === 'function') return get.call(headers, name);
    return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  } catch {
    return undefined;
  }
}
