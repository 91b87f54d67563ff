import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { INSTRUMENT } from '../../src/telemetry/semconv.ts';
import { schema, ttaViews } from '../../views/index.ts';

/** Existing rules and dashboards query these metrics, so that they must not change. */
const INHERITED = {
  tta_workflow_executions_total: ['counter', ['workflow_name', 'status']],
  tta_primitive_executions_total: ['counter', ['primitive_type', 'primitive_name', 'status']],
  tta_llm_cost_total: ['counter', ['model', 'provider']],
  tta_execution_duration_seconds: ['histogram', ['primitive_type']],
  tta_cache_hits_total: ['counter', ['primitive_name', 'cache_type']],
  tta_cache_misses_total: ['counter', ['primitive_name', 'cache_type']],
} as const;

describe('the schema', () => {
  it.each(Object.entries(INHERITED))('has %s with the type and labels of existing rules', (metric, [type, labels]) => {
    const row = schema.find((each) => each.metric === metric);
    expect(row?.type).toBe(type);
    expect(Object.values(row?.labels ?? {})).toEqual([...labels]);
  });

  it('has the ten bounds of existing dashboards and four more', () => {
    const bounds = schema.find(({ metric }) => metric === 'tta_execution_duration_seconds')?.bounds;
    expect(bounds).toEqual([0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]);
  });

  it('has one row for every instrument, each with another name', () => {
    expect(schema.map(({ instrument }) => instrument).sort()).toEqual(Object.values(INSTRUMENT).sort());
    expect(new Set(schema.map(({ metric }) => metric)).size).toBe(schema.length);
  });

  it.each(schema.map((row) => [row.metric, row] as const))('%s is named after its unit and kind', (metric, row) => {
    expect(metric).toMatch(/^[a-z][a-z0-9_]*$/);
    if (row.type === 'counter') expect(metric).toMatch(/_total$/);
    else expect(metric).not.toMatch(/_total$/);
    if (row.type === 'histogram') expect(metric).toMatch(/_seconds$/);
    expect(metric).not.toMatch(/_(ms|milliseconds|kb|percent)(_|$)/);
    for (const label of Object.values(row.labels)) expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
    for (const reserved of ['job', 'instance', 'le', 'quantile'])
      expect(Object.values(row.labels)).not.toContain(reserved);
  });

  it("gives a user's MeterProvider with the exporter of the SDK the renamed metrics and labels only", async () => {
    const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
    const meter = new MeterProvider({ readers: [exporter], views: [...ttaViews] }).getMeter('tta-primitives');
    meter
      .createCounter(INSTRUMENT.cacheHits)
      .add(1, { 'tta.primitive.name': 'c', 'tta.cache.type': 'lru', 'user.id': 'never a label' });
    const body = await new Promise<string>((resolve) => {
      exporter.getMetricsRequestHandler({} as never, { setHeader() {}, end: resolve } as never);
    });
    expect(body).toContain('\ntta_cache_hits_total{primitive_name="c",cache_type="lru"} 1');
    expect(body).not.toContain('never a label');
  });
});
