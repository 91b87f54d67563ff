import type { Clock } from '../../platform/clock.ts';
import { measureEventLoopDelay } from '../../platform/event-loop-delay.ts';
import { foreignMessage } from '../../platform/foreign-text.ts';
import { createLatencyHistogram, type LatencySummary } from './latency-histogram.ts';
import { type MemoryReport, type MemorySample, memoryReport } from './memory-report.ts';
import { sendRequests } from './send-requests.ts';

export interface LoadOptions {
  /** Requests per second; `undefined` for as many as `concurrency` allows. */
  readonly rate: number | undefined;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly request: (n: number) => Promise<unknown>;
  /** Called four times per second. */
  readonly onProgress: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly seconds: number;
  readonly done: number;
  readonly failed: number;
  readonly residentBytes: number;
}

export interface LoadMeasurements {
  readonly seconds: number;
  readonly requests: {
    readonly done: number;
    readonly failed: number;
    /** Requests that were scheduled but never started: the rate is too high for this process. */
    readonly notStarted: number;
    readonly perSecond: number;
    readonly lastFailure: string | undefined;
  };
  readonly latencyMs: {
    /** From the scheduled start of a request: the latency of a caller, with stalls of this process. */
    readonly sinceScheduled: LatencySummary;
    /** From the real start of a request. */
    readonly sinceStart: LatencySummary;
  };
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The share of one core; 1 is one whole core. */
  readonly cpuShare: number;
  readonly memoryMB: MemoryReport;
}

const PROGRESS_INTERVAL_MS = 250;
const MICROSECONDS_PER_SECOND = 1e6;

/** Sends requests and measures this process during that time. Failed requests are counted, not thrown. */
export async function runLoad(options: LoadOptions): Promise<LoadMeasurements> {
  const { clock, onProgress, durationMs } = options;
  const [sinceScheduled, sinceStart] = await Promise.all([createLatencyHistogram(), createLatencyHistogram()]);
  const samples: MemorySample[] = [];
  const startedAt = clock.now();
  const cpuBefore = process.cpuUsage();
  let done = 0;
  let failed = 0;
  let lastFailure: string | undefined;
  let cancelTick = () => {};

  const tick = () => {
    const { rss, heapUsed } = process.memoryUsage();
    const at = clock.now();
    // Samples after the end would change the slope: fewer and fewer requests are open then.
    if (at - startedAt <= durationMs) samples.push({ at, residentBytes: rss, heapBytes: heapUsed });
    onProgress({ seconds: (at - startedAt) / 1_000, done, failed, residentBytes: rss });
    cancelTick = clock.after(PROGRESS_INTERVAL_MS, tick);
  };

  const delay = measureEventLoopDelay();
  tick();
  const { notStarted, seconds } = await sendRequests({
    ...options,
    onResult({ sinceScheduledMs, sinceStartMs, failure }) {
      done += 1;
      sinceScheduled.record(sinceScheduledMs);
      sinceStart.record(sinceStartMs);
      if (failure === undefined) return;
      failed += 1;
      lastFailure = foreignMessage(failure);
    },
  }).finally(() => {
    cancelTick();
    delay.stop();
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds,
    requests: { done, failed, notStarted, perSecond: seconds > 0 ? done / seconds : 0, lastFailure },
    latencyMs: { sinceScheduled: sinceScheduled.summary(), sinceStart: sinceStart.summary() },
    eventLoopDelayMs: { p50: delay.percentileMs(50), p99: delay.percentileMs(99), max: delay.maxMs() },
    cpuShare: seconds > 0 ? (user + system) / MICROSECONDS_PER_SECOND / seconds : 0,
    memoryMB: memoryReport(samples),
  };
}
