import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { llm, task, workflow } from '../../src/index.ts';
import { MAX_SERIES } from '../../src/telemetry/semconv.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { component } from '../support/component.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const HOSTILE = [
  'quotes " and \\ backslashes',
  'new\nlines\r\nand\ttabs',
  'emoji 🦊 and 中文',
  'a lone surrogate \ud83e',
  'x'.repeat(10_000),
  '{braces="yes"} 1',
  '# HELP not',
  '\u0000\u0001',
];

describe('names that an author can choose', () => {
  it('never break the scrape, whatever is in them', async () => {
    for (const name of HOSTILE)
      await workflow(
        name,
        task(name, () => 1),
      ).execute();
    const { samples } = await telemetry.scrape();
    const names = new Set(
      samples.filter((s) => s.name === 'tta_workflow_executions_total').map((s) => s.labels.workflow_name),
    );
    for (const name of HOSTILE.slice(0, 3)) expect(names).toContain(name);
    expect(Math.max(...[...names].map((name) => name?.length ?? 0))).toBeLessThanOrEqual(256);
  });

  it.skipIf(component('promtool') === undefined)('are clean for promtool', async () => {
    for (const name of HOSTILE)
      await workflow(
        name,
        task(name, () => 1),
      ).execute();
    const check = spawnSync('promtool', ['check', 'metrics'], {
      input: await telemetry.scrapeText(),
      encoding: 'utf8',
    });
    expect([check.stderr, check.stdout, check.status]).toEqual(['', '', 0]);
  });

  it('fill no more series than the ceiling; the rest goes to one series and is counted', async () => {
    const extra = 100;
    for (let i = 0; i < MAX_SERIES + extra; i += 1)
      await workflow(
        `w${i}`,
        task('t', () => 1),
      ).execute();
    const { samples } = await telemetry.scrape();
    for (const metric of ['tta_workflow_executions_total', 'tta_workflow_duration_seconds_count']) {
      const series = samples.filter(({ name }) => name === metric);
      expect(series.length).toBeLessThanOrEqual(MAX_SERIES);
      const total = series.reduce((sum, { value }) => sum + value, 0);
      expect(total).toBe(MAX_SERIES + extra);
      expect(series.some(({ labels, value }) => labels.workflow_name === '__other__' && value >= extra)).toBe(true);
    }
    for (const metric of ['tta_workflow_executions_total', 'tta_workflow_duration_seconds']) {
      const overflow = samples.find(
        ({ name, labels }) => name === 'tta_series_overflow_total' && labels.metric === metric,
      );
      expect(overflow?.value).toBeGreaterThanOrEqual(extra);
    }
  });
});

describe('a telemetry that throws', () => {
  it('breaks no workflow, and the loss is counted', async () => {
    const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
    const { trace } = await import('@opentelemetry/api');
    const boom = () => {
      throw new Error('broken processor');
    };
    trace.disable();
    new NodeTracerProvider({
      spanProcessors: [{ onStart: boom, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }],
    }).register();
    await expect(llm(scriptedModel([{ text: 'fine' }])).execute('x')).resolves.toMatchObject({ text: 'fine' });
    await telemetry.expectMetric('tta_spans_lost_total', { reason: 'instrumentation_error' }, 1);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'success' }, 1);
  });
});
