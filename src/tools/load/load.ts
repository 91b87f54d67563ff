import type { Clock } from '../../platform/clock.ts';
import { measureEventLoopDelay } from '../../platform/event-loop-delay.ts';
import { drive } from './drive.ts';
import { createLatencies, type LatencySummary } from './latencies.ts';
import { type MemoryReport, type MemorySample, memoryReport } from './memory.ts';

export interface LoadOptions {
  /** Requests per second; `undefined` for as many as `concurrency` lets through. */
  readonly rate: number | undefined;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly request: (n: number) => Promise<unknown>;
  /** Told several times a second. */
  readonly onTick: (tick: LoadTick) => void;
}

export interface LoadTick {
  readonly seconds: number;
  readonly done: number;
  readonly failed: number;
  readonly residentBytes: number;
}

export interface LoadMeasures {
  readonly seconds: number;
  readonly requests: {
    readonly done: number;
    readonly failed: number;
    /** Due, yet never begun: the rate is above what this process can do. */
    readonly notBegun: number;
    readonly perSecond: number;
    readonly lastFailure: string | undefined;
  };
  readonly latencyMs: {
    /** From the moment a request was due: what callers would have waited, stalls of this process included. */
    readonly sinceDue: LatencySummary;
    /** From the moment it was begun. */
    readonly sinceBegun: LatencySummary;
  };
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Of one core, 1 is all of it. */
  readonly cpuShare: number;
  readonly memoryMB: MemoryReport;
}

const TICK_MS = 250;

/** Keeps `request` busy and measures this process meanwhile. Failures of requests are counted, not thrown. */
export async function runLoad(options: LoadOptions): Promise<LoadMeasures> {
  const { clock, onTick, durationMs } = options;
  const [sinceDue, sinceBegun] = await Promise.all([createLatencies(), createLatencies()]);
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
    // The requests that are waited for after the end would bend the line that the memory makes.
    if (at - startedAt <= durationMs) samples.push({ at, residentBytes: rss, heapBytes: heapUsed });
    onTick({ seconds: (at - startedAt) / 1_000, done, failed, residentBytes: rss });
    cancelTick = clock.after(TICK_MS, tick);
  };

  const delay = measureEventLoopDelay();
  tick();
  const { notBegun, seconds } = await drive({
    ...options,
    onDone({ sinceDueMs, sinceBegunMs, failure }) {
      done += 1;
      sinceDue.record(sinceDueMs);
      sinceBegun.record(sinceBegunMs);
      if (failure === undefined) return;
      failed += 1;
      lastFailure = failure instanceof Error ? failure.message : String(failure);
    },
  }).finally(() => {
    cancelTick();
    delay.stop();
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    seconds,
    requests: { done, failed, notBegun, perSecond: seconds > 0 ? done / seconds : 0, lastFailure },
    latencyMs: { sinceDue: sinceDue.summary(), sinceBegun: sinceBegun.summary() },
    eventLoopDelayMs: { p50: delay.percentileMs(50), p99: delay.percentileMs(99), max: delay.maxMs() },
    cpuShare: seconds > 0 ? (user + system) / 1e6 / seconds : 0,
    memoryMB: memoryReport(samples),
  };
}
