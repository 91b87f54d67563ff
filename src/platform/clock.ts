import { abortReason } from './abort.ts';

/**
 * The source of time. Primitives use the clock of their context, never the machine's: tests can replace it.
 *
 * Durations are differences of `now()`. A wall clock that is set, or that is wrong for a moment, changes no duration, no
 * timeout, no age of a cached value and no rate. While the machine is suspended, `now()` may stand still, as timers do.
 */
export interface Clock {
  /**
   * Milliseconds, with fractions, on a clock that never decreases and is never set. On the machine it began as the
   * milliseconds since the Unix epoch; to know what time it is, use `date`.
   */
  now(): number;
  /** What time it is: milliseconds since the Unix epoch. It may jump. @default `now()` */
  date?(): number;
  /**
   * Resolves when `now()` has increased by `ms` milliseconds, never earlier. Rejects with `signal.reason` in the same tick
   * in which `signal` aborts.
   */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>;
  /** Calls `callback` once, when `now()` has increased by `ms` milliseconds, never earlier. Returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The part of a clock that observation needs. */
export type ReadableClock = Pick<Clock, 'now' | 'date'>;

/** What time it is on this clock, in milliseconds since the Unix epoch. */
export function dateOf(clock: ReadableClock): number {
  return clock.date === undefined ? clock.now() : clock.date();
}

/** Creates a clock from a function that reads the time, one that schedules a callback, and one that reads the date. */
export function createClock(now: () => number, after: Clock['after'], date: () => number = now): Required<Clock> {
  return {
    now,
    date,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(abortReason(signal));
          return;
        }
        const onAbort = () => {
          cancel();
          reject(signal && abortReason(signal));
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

/** The longest delay of `setTimeout`, in milliseconds. A timer with a longer delay fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/**
 * Node.js counts whole milliseconds of a coarse clock: a timer fires less than this many milliseconds too early. A timer
 * that is earlier than that is a fake one of a test, and is right by the test's own clock.
 */
const EARLY_MS = 2;
/** The milliseconds since the epoch, as a number, are this precise. */
const ROUNDING_MS = 0.001;

function afterOnMachine(ms: number, callback: () => void): () => void {
  const dueAt = performance.now() + ms + ROUNDING_MS;
  let timer: NodeJS.Timeout;
  const onTime = () => {
    const missingMs = dueAt - performance.now();
    if (missingMs > 0 && missingMs <= EARLY_MS) timer = setTimeout(callback, Math.ceil(missingMs) + EARLY_MS);
    else callback();
  };
  const schedule = (remainingMs: number) => {
    timer =
      remainingMs > MAX_TIMER_MS
        ? setTimeout(() => schedule(remainingMs - MAX_TIMER_MS), MAX_TIMER_MS)
        : setTimeout(ms > 0 ? onTime : callback, Math.ceil(Math.max(0, remainingMs)));
  };
  schedule(ms);
  return () => clearTimeout(timer);
}

/** It never changes, and reading it takes as long as reading the time. */
const { timeOrigin } = performance;

function nowOnMachine(): number {
  return timeOrigin + performance.now();
}

/** By how many milliseconds the two clocks may differ before the date is taken from the wall clock again. */
const DRIFT_MS = 1_000;
let aheadMs = 0;

/**
 * The date by the monotonic clock, which is finer than `Date.now`: dates of one trace keep their order. It follows the
 * wall clock in both directions when that has been set, and after the machine was suspended.
 */
function dateOnMachine(): number {
  const now = nowOnMachine();
  const driftMs = Date.now() - (now + aheadMs);
  if (Math.abs(driftMs) > DRIFT_MS) aheadMs += driftMs;
  return now + aheadMs;
}

/** The clock of the machine. It is used when a context has no other clock. */
export const systemClock = createClock(nowOnMachine, afterOnMachine, dateOnMachine);
