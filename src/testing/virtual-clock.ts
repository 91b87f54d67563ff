import { type Clock, createClock } from '../platform/clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test moves it. Hand it to `execute` as `context: { clock }`. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms` milliseconds; what falls due on the way runs in order, each at its own time. */
  advance(ms: number): Promise<void>;
  /** How many timers are waiting: 0 once nothing has been left behind. */
  readonly pending: number;
}

/** @param start milliseconds since the Unix epoch. @default 2030-01-01T00:00:00Z */
export function createVirtualClock(start: number = Date.UTC(2030, 0, 1)): VirtualClock {
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

/** Resolves when everything that could go on without time passing has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
