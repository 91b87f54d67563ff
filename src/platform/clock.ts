/** The source of time. Primitives use the clock of their context, never the machine's: tests can replace it. */
export interface Clock {
  /** Milliseconds since the Unix epoch, with fractions. It never decreases. */
  now(): number;
  /**
   * Resolves after `ms` milliseconds. Rejects with `signal.reason` in the same tick in which `signal` aborts.
   */
  sleep(ms: number, signal?: AbortSignal | undefined): Promise<void>;
  /** Calls `callback` once after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Creates a clock from a function that reads the time and a function that schedules a callback. */
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

/** The longest delay of `setTimeout`, in milliseconds. A timer with a longer delay fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function afterOnMachine(ms: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  const schedule = (remainingMs: number) => {
    timer =
      remainingMs > MAX_TIMER_MS
        ? setTimeout(() => schedule(remainingMs - MAX_TIMER_MS), MAX_TIMER_MS)
        : setTimeout(callback, Math.max(0, remainingMs));
  };
  schedule(ms);
  return () => clearTimeout(timer);
}

const DRIFT_CHECK_MS = 1_000;
let epochOffset = performance.timeOrigin;
let nextDriftCheck = 0;

/**
 * The time of the monotonic clock as milliseconds since the epoch. The monotonic clock stops while the machine is
 * suspended, so once per second it is compared with the wall clock, and moved forward when it is behind. It is never
 * moved back.
 */
function nowOnMachine(): number {
  const monotonic = performance.now();
  if (monotonic >= nextDriftCheck) {
    nextDriftCheck = monotonic + DRIFT_CHECK_MS;
    const behindMs = Date.now() - (epochOffset + monotonic);
    if (behindMs > DRIFT_CHECK_MS) epochOffset += behindMs;
  }
  return epochOffset + monotonic;
}

/** The clock of the machine. It is used when a context has no other clock. */
export const systemClock: Clock = createClock(nowOnMachine, afterOnMachine);
