import { monitorEventLoopDelay } from 'node:perf_hooks';

const SAMPLE_EVERY_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

export interface EventLoopDelay {
  /** Milliseconds; 0 where nothing was measured yet. */
  percentileMs(percentile: number): number;
  /** Milliseconds; 0 where nothing was measured yet. */
  maxMs(): number;
  /** Forgets what was measured. */
  reset(): void;
  stop(): void;
}

/** Measures from now on how late the event loop comes to what is due. */
export function measureEventLoopDelay(): EventLoopDelay {
  const monitor = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS });
  monitor.enable();
  // A sample is the time between two ticks of the monitor's timer. The part above its interval is delay.
  const delayMs = (nanoseconds: number) =>
    monitor.count === 0 ? 0 : Math.max(0, nanoseconds / NANOSECONDS_PER_MS - SAMPLE_EVERY_MS);
  return {
    percentileMs: (percentile) => delayMs(monitor.percentile(percentile)),
    maxMs: () => delayMs(monitor.max),
    reset: () => monitor.reset(),
    stop: () => void monitor.disable(),
  };
}
