/**
 * Time as a guest: primitives never ask the machine, they ask the clock of their context.
 * Tests hand in a virtual one.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions. Never goes back. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds. Rejects with `signal.reason` in the same tick in which `signal` aborts.
   */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>;
  /** Calls `callback` once after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Builds a whole clock from its two essentials: reading the time and scheduling a callback. */
export function createClock(now: () => number, after: Clock['after']): Clock {
  return {
    now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

/** The longest delay that `setTimeout` can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function afterOnMachine(ms: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (left: number) => {
    timer =
      left > LONGEST_TIMER_MS
        ? setTimeout(() => arm(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
        : setTimeout(callback, Math.max(0, left));
  };
  arm(ms);
  return () => clearTimeout(timer);
}

const DRIFT_CHECK_MS = 1_000;
let epochOffset = performance.timeOrigin;
let nextDriftCheck = 0;

/**
 * The monotonic clock laid on the epoch. It does not count while the machine is suspended, so once a second
 * it is compared with the wall clock and moved forward, never back, when it fell behind.
 */
function nowOnMachine(): number {
  const monotonic = performance.now();
  if (monotonic >= nextDriftCheck) {
    nextDriftCheck = monotonic + DRIFT_CHECK_MS;
    const behind = Date.now() - (epochOffset + monotonic);
    if (behind > DRIFT_CHECK_MS) epochOffset += behind;
  }
  return epochOffset + monotonic;
}

/** The machine's own clock, used where a context names no other. */
export const systemClock: Clock = createClock(nowOnMachine, afterOnMachine);
