import { requireNumber } from '../core/check.ts';
import { afterCallbacks } from '../platform/background.ts';
import { type Clock, createClock } from '../platform/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stops until the test moves it. Pass it to `execute` as `context: { clock }`. */
export interface VirtualClock extends Clock {
  /** Moves the clock by `ms` milliseconds. Timers that are due on the way run in order, each at its own time. */
  advance(ms: number): Promise<void>;
  /** How many timers wait: 0 at the end of a test that leaves no timer behind. */
  readonly pending: number;
}

/** @param start milliseconds since the Unix epoch. @default 2030-01-01T00:00:00Z */
export function createVirtualClock(start: number = Date.UTC(2030, 0, 1)): VirtualClock {
  requireNumber('createVirtualClock', 'start', start, { min: -8.64e15, max: 8.64e15 });
  let now = start;
  const timers = new Set<Timer>();
  const clock = createClock(
    () => now,
    (ms, callback) => {
      const timer = { at: now + Math.max(0, ms), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  );
  const nextDue = (until: number) => [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    ...clock,
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      requireNumber('advance', 'ms', ms, { min: 0 });
      const until = now + ms;
      await settled();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        now = timer.at;
        timers.delete(timer);
        timer.callback();
        await settled();
      }
      now = until;
    },
  };
}

/** Resolves when all work has been done that needs no time to pass. */
export function settled(): Promise<void> {
  return new Promise(afterCallbacks);
}
