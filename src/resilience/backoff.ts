import { readProperty } from '../platform/read-property.ts';

/** How long to wait before the next try: pure arithmetic, randomness handed in. */

export const JITTERS = ['full', 'decorrelated', 'none'] as const;
export type Jitter = (typeof JITTERS)[number];

export interface Backoff {
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: Jitter;
}

/**
 * Exponential backoff: the milliseconds to wait after attempt `attempt` (the first is 1), where the wait before it was
 * `previousMs`. A delay that doubles with every attempt, of which full jitter takes a random part, `random` from 0 to 1;
 * decorrelated jitter goes from the first delay to three times the previous one.
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
 * What an error asks for in its own `retryAfterMs`, or a server with `Retry-After` (seconds or an HTTP date) or
 * `retry-after-ms`, in milliseconds from `now` (milliseconds since the epoch). `undefined` when the error carries
 * neither, or one that makes no sense.
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

/** Headers as `fetch` has them, or as a plain object; on the error itself or on its `response`. */
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
