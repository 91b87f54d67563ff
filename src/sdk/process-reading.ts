/** Reads the values of the process metrics. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../platform/clock.ts';
import type { ProcessReading } from '../telemetry/process.ts';

const SAMPLE_EVERY_MS = 10;
const WINDOW_MS = 30_000;
const MICROSECONDS_PER_SECOND = 1e6;
const NANOSECONDS_PER_SECOND = 1e9;

/**
 * Percentiles of the event loop's delay over the last 30 to 60 seconds. Two histograms are reset in turns, and the older
 * one is read: several readers see the same values, and reading changes nothing.
 */
function recentDelays() {
  let [older, younger] = [SAMPLE_EVERY_MS, SAMPLE_EVERY_MS].map((resolution) =>
    monitorEventLoopDelay({ resolution }),
  ) as [ReturnType<typeof monitorEventLoopDelay>, ReturnType<typeof monitorEventLoopDelay>];
  older.enable();
  younger.enable();
  let turnAt = systemClock.now() + WINDOW_MS;
  // A sample is the time between two ticks of the monitor's timer. The part above its interval is delay.
  const seconds = (percentile: number) =>
    older.count === 0
      ? 0
      : Math.max(0, older.percentile(percentile) / NANOSECONDS_PER_SECOND - SAMPLE_EVERY_MS / 1_000);
  return {
    read() {
      const reading = { p50: seconds(50), p90: seconds(90), p99: seconds(99) };
      if (systemClock.now() >= turnAt) {
        older.reset();
        [older, younger] = [younger, older];
        turnAt = systemClock.now() + WINDOW_MS;
      }
      return reading;
    },
    stop() {
      older.disable();
      younger.disable();
    },
  };
}

export interface ProcessReader {
  read(): ProcessReading;
  stop(): void;
}

export function createProcessReader(): ProcessReader {
  const delays = recentDelays();
  const startedAtSeconds = systemClock.now() / 1_000 - process.uptime();
  return {
    read() {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      return {
        cpuSeconds: (user + system) / MICROSECONDS_PER_SECOND,
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        startedAtSeconds,
        eventLoopDelaySeconds: delays.read(),
      };
    },
    stop: delays.stop,
  };
}
