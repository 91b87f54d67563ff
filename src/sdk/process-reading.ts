/** Reads the values of the process metrics. */
import { systemClock } from '../platform/clock.ts';
import { measureEventLoopDelay } from '../platform/event-loop-delay.ts';
import type { ProcessReading } from '../telemetry/process.ts';

const WINDOW_MS = 30_000;
const MICROSECONDS_PER_SECOND = 1e6;

/**
 * Percentiles and the longest of the event loop's delays over the last 30 to 60 seconds. Two histograms are reset in turns, and the one
 * that was reset earlier is read: several readers see the same values, and reading changes nothing.
 */
function recentDelays() {
  let [older, younger] = [measureEventLoopDelay(), measureEventLoopDelay()];
  let turnAt = systemClock.now() + WINDOW_MS;
  const seconds = (percentile: number) => older.percentileMs(percentile) / 1_000;
  return {
    read() {
      const reading = { p50: seconds(50), p90: seconds(90), p99: seconds(99), max: older.maxMs() / 1_000 };
      if (systemClock.now() >= turnAt) {
        older.reset();
        [older, younger] = [younger, older];
        turnAt = systemClock.now() + WINDOW_MS;
      }
      return reading;
    },
    stop() {
      older.stop();
      younger.stop();
    },
  };
}

export interface ProcessReader {
  read(): ProcessReading;
  stop(): void;
}

export function createProcessReader(): ProcessReader {
  const delays = recentDelays();
  const startedAtSeconds = systemClock.date() / 1_000 - process.uptime();
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
