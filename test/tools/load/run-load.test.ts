import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { createLatencyHistogram } from '../../../src/tools/load/latency-histogram.ts';
import { memoryReport } from '../../../src/tools/load/memory-report.ts';
import { runLoad } from '../../../src/tools/load/run-load.ts';
import { startScraper } from '../../../src/tools/load/scraper.ts';
import { createTexts } from '../../../src/tools/load/texts.ts';
import { eventually } from '../../support/prometheus.ts';

describe('the latency histogram', () => {
  it('is exact to three digits', async () => {
    const latencies = await createLatencyHistogram();
    for (let ms = 1; ms <= 1_000; ms += 1) latencies.record(ms);
    const { count, mean, p50, p90, p99, p999, max } = latencies.summary();
    expect(count).toBe(1_000);
    for (const [found, exact] of [
      [mean, 500.5],
      [p50, 500],
      [p90, 900],
      [p99, 990],
      [p999, 999],
      [max, 1_000],
    ] as const)
      expect(Math.abs(found - exact) / exact).toBeLessThan(0.002);
  });

  it('has only zeros without values, and counts a longer time as one hour', async () => {
    const latencies = await createLatencyHistogram();
    expect(latencies.summary()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
    latencies.record(1e12);
    latencies.record(-1);
    expect(latencies.summary().max).toBeCloseTo(3_600_000, -4);
    expect(latencies.summary().p50).toBe(0);
  });
});

describe('memory', () => {
  const samples = (resident: (i: number) => number) =>
    Array.from({ length: 120 }, (_, i) => ({ at: i * 1_000, residentBytes: resident(i) * 1e6, heapBytes: 10e6 }));

  it('has a slope when it grows after the warm-up', () => {
    const report = memoryReport(samples((i) => 100 + i * 0.5));
    expect(report).toMatchObject({ start: 100, max: 159.5, end: 159.5, heapMax: 10, heapSlopePerMinute: 0 });
    expect(report.slopePerMinute).toBeCloseTo(30, 6);
  });

  it('has no slope when it grew only during the warm-up', () => {
    expect(memoryReport(samples((i) => (i < 40 ? i : 40))).slopePerMinute).toBe(0);
    expect(memoryReport(samples(() => 1).slice(0, 1)).slopePerMinute).toBe(0);
  });
});

describe('the scraper', () => {
  it('scrapes at intervals, and counts late and refused scrapes', async () => {
    const answers = [200, 500, 'hang', 200] as const;
    let requests = 0;
    const server = createServer(({ headers }, response) => {
      expect(headers.authorization).toBe('Bearer secret');
      const answer = answers[Math.min(requests++, answers.length - 1)];
      if (answer !== 'hang') response.writeHead(answer as number).end('up 1\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const scraper = await startScraper({ url, token: 'secret', intervalMs: 10, timeoutMs: 2_000, clock: systemClock });
    await eventually('five scrapes', async () => (requests >= 5 ? true : undefined));
    const report = await scraper.stop();
    expect(report.failed).toBe(2);
    expect(report.count).toBe(requests - 2);
    expect(report.lastFailure).toMatch(/timeout/);
    expect(report.bytes).toBe(5);
    expect(report.max).toBeLessThan(4_000);
  });
});

describe('a load', () => {
  it('measures a stall of the event loop, and the latency of the requests behind it', async () => {
    const progress: number[] = [];
    const measures = await runLoad({
      rate: 100,
      concurrency: 8,
      durationMs: 1_000,
      signal: new AbortController().signal,
      clock: systemClock,
      request: async (n) => {
        if (n !== 20) return;
        const until = systemClock.now() + 300;
        while (systemClock.now() < until);
        throw new Error('stalled');
      },
      onProgress: ({ done }) => progress.push(done),
    });
    expect(measures.requests).toMatchObject({ done: 100, failed: 1, notStarted: 0, lastFailure: 'stalled' });
    expect(measures.eventLoopDelayMs.max).toBeGreaterThan(200);
    expect(measures.latencyMs.sinceScheduled.p90).toBeGreaterThan(100);
    expect(measures.latencyMs.sinceScheduled.count).toBe(100);
    // How large the share is depends on what else the machine does.
    expect(measures.cpuShare).toBeGreaterThan(0);
    expect(measures.memoryMB.max).toBeGreaterThanOrEqual(measures.memoryMB.start);
    expect(progress.length).toBeGreaterThanOrEqual(3);
  });
});

describe('the texts', () => {
  it('are the same for the same request, and every fourth request repeats a text', () => {
    expect(createTexts(5)).toEqual(createTexts(5));
    const all = Array.from({ length: 100 }, (_, n) => createTexts(n)).flat();
    expect(new Set(all.map(({ text }) => text)).size).toBe(200 - 24);
  });
});
