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
 * The wait where an error asks for one of `askedMs` milliseconds: never shorter, and with the wait of the backoff on top, so
 * that not all callers come back at once. At most `maxDelayMs`: where that is shorter than `askedMs`, the callers are spread
 * over the time before it. Without jitter, the longer one of the two.
 */
export function askedDelay(
  backoff: Backoff,
  askedMs: number,
  attempt: number,
  previousMs: number,
  random: number,
): number {
  const { maxDelayMs, jitter } = backoff;
  const ownMs = backoffDelay(backoff, attempt, previousMs, random);
  if (jitter === 'none') return Math.min(maxDelayMs, Math.max(askedMs, ownMs));
  if (askedMs > maxDelayMs) return maxDelayMs - Math.min(ownMs, (random * maxDelayMs) / 10);
  return askedMs + (askedMs + ownMs > maxDelayMs ? random * (maxDelayMs - askedMs) : ownMs);
}
