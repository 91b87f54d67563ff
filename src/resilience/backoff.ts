import { readProperty } from '../platform/read-property.ts';

/** How long to wait before the next try. Pure: the random number is a parameter. */

export const JITTERS = ['full', 'decorrelated', 'none'] as const;
export type Jitter = (typeof JITTERS)[number];

export interface Backoff {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: Jitter;
}

/**
 * Exponential backoff: how long to wait after attempt `attempt` (the first is 1), in milliseconds. The delay doubles with
 * every attempt. Full jitter waits a random part of it, by `random` from 0 to 1. Decorrelated jitter waits between the
 * first delay and three times the wait before, `previousMs`.
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
 * How long an error asks to wait, in milliseconds from `now` (milliseconds since the epoch): its own `retryAfterMs`, or
 * the header `retry-after-ms` or `Retry-After` (seconds or an HTTP date) that it carries. `undefined` when it carries
 * none of them, or an invalid one.
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
