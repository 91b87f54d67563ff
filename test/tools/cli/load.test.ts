import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LoadReport } from '../../../src/tools/cli/load-report.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

describe('tta load', () => {
  it('sends requests at the rate, counts each once, loses no span, and says whether every scrape was answered', async () => {
    const out = join(tempFolder(), 'load.json');
    const run = tta(['load', '--rate', '20', '--duration', '5', '--out', out]);
    const { code, stdout, stderr } = await run.exited;
    expect(stderr).toMatch(
      /metrics http:\/\/127\.0\.0\.1:\d+\/metrics, spans to http:\/\/127\.0\.0\.1:\d+\/v1\/traces/,
    );
    expect(stderr).toMatch(/^\d s, \d+ requests, [\d.]+\/s, 0 failed, \d+ MB$/m);
    expect(stderr).not.toContain('Warning');
    expect(stdout).toContain(`Written to ${out}`);
    expect(stdout).toMatch(/^yes {2}no span is lost/m);

    const report = JSON.parse(readFileSync(out, 'utf8')) as LoadReport;
    expect(report.requests).toMatchObject({ done: 100, failed: 0, notStarted: 0 });
    expect(report.counted.requests).toBe(100);
    expect(report.counted.modelRequests).toBe(report.counted.modelServer);
    expect(report.counted.modelRequests + report.counted.cacheHits).toBe(300);
    expect(report.counted.cacheHits).toBeGreaterThanOrEqual(24);
    expect(report.spans.received).toBe(report.spans.ended);
    expect(report.spans.ended).toBeGreaterThan(100 * 10);
    expect(Object.values(report.spans.lost)).toEqual([0, 0, 0, 0]);
    expect(report.latencyMs.sinceScheduled.count).toBe(100);
    expect(report.latencyMs.sinceScheduled.p99).toBeLessThanOrEqual(report.latencyMs.sinceScheduled.max);
    expect(report.scrapes?.count).toBeGreaterThan(0);
    expect(report.scrapes?.bytes).toBeGreaterThan(1_000);
    expect(report.cpuShare).toBeGreaterThan(0);
    expect(report.memoryMB.max).toBeGreaterThan(30);
    // On a loaded machine a scrape may come too late, which is a true verdict.
    const holds = report.verdicts.map((verdict) => verdict.holds);
    expect(holds).toEqual([true, true, report.scrapes?.failed === 0]);
    expect(code).toBe(holds.includes(false) ? 1 : 0);
  });

  it('retries failed model calls, so that no request fails', async () => {
    const args = ['load', '--rate', '10', '--duration', '2', '--fault-share', '0.3', '--json'];
    const { code, stdout } = await tta(args).exited;
    const report = JSON.parse(stdout) as LoadReport;
    expect(report.requests).toMatchObject({ done: 20, failed: 0 });
    expect(report.counted.modelRequests + report.counted.cacheHits + report.counted.quoted).toBeGreaterThan(60);
    expect(code).toBe(0);
  });

  it('ends with 1 and prints how many spans a collector refused', async () => {
    const sink = await startSink(400);
    onTestFinished(() => sink.stop());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url };
    const { code, stdout } = await tta(['load', '--rate', '5', '--duration', '1', '--json'], { env }).exited;
    const { spans, verdicts } = JSON.parse(stdout) as LoadReport;
    expect(code).toBe(1);
    expect(spans.received).toBeUndefined();
    expect(spans.lost.export_failed).toBe(spans.ended);
    expect(verdicts.filter(({ holds }) => !holds).map(({ claim }) => claim)).toEqual(['no span is lost']);
  });

  it('ends with 1 without an endpoint to scrape, because its port is taken', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.stop());
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(sink.port) };
    const { code, stdout, stderr } = await tta(['load', '--rate', '5', '--duration', '1'], { env }).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/metrics .*already in use|metrics .*EADDRINUSE|metrics .*taken|metrics .*holds/);
    expect(stdout).toContain('NO   every scrape is answered in time (there was no endpoint');
    expect(stdout).toContain('yes  every request is counted once');
  });

  it('prints its report when it is stopped', async () => {
    const run = tta(['load', '--rate', '20', '--duration', '600']);
    await run.waitForStderr(/\d+ requests, /);
    run.kill('SIGINT');
    const { signal, stdout } = await run.exited;
    expect(signal).toBe('SIGINT');
    expect(stdout).toMatch(/^yes {2}every request is counted once/m);
  });

  it.each([
    [['load', '--rate', 'fast'], 'It must be a number above 0'],
    [['load', '--fault-share', '1.5'], 'It must be a number from 0 to 1'],
  ])('refuses %j and says why', async (args, message) => {
    const { code, stderr } = await tta(args).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
