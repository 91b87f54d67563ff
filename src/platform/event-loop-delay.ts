import { monitorEventLoopDelay } from 'node:perf_hooks';

const SAMPLE_INTERVAL_MS = 10;
const NANOSECONDS_PER_MS = 1e6;

export interface EventLoopDelay {
  /** A percentile of the delay, in milliseconds; 0 without a measurement. @param percentile from 0 to 100 */
  percentileMs(percentile: number): number;
  /** The largest delay, in milliseconds; 0 without a measurement. */
  maxMs(): number;
  /** Removes all measurements. */
  reset(): void;
  stop(): void;
}

/** Starts to measure how late the event loop runs callbacks. */
export function measureEventLoopDelay(): EventLoopDelay {
  const monitor = monitorEventLoopDelay({ resolution: SAMPLE_INTERVAL_MS });
  monitor.enable();
  // A sample is the time between two ticks of the monitor's timer. The part above its interval is delay.
  const delayMs = (nanoseconds: number) =>
    monitor.count === 0 ? 0 : Math.max(0, nanoseconds / NANOSECONDS_PER_MS - SAMPLE_INTERVAL_MS);
  return {
    percentileMs: (percentile) => delayMs(monitor.percentile(percentile)),
    maxMs: () => delayMs(monitor.max),
    reset: () => monitor.reset(),
    stop: () => void monitor.disable(),
  };
}
