import { describe, expect, it, onTestFinished } from 'vitest';
import { llm, task, workflow } from '../../src/index.ts';
import { register } from '../../src/sdk/index.ts';
import { startCollector } from '../support/collector.ts';
import { component } from '../support/component.ts';
import { startSink } from '../support/otlp-sink.ts';
import { eventually, type Prometheus, startPrometheus } from '../support/prometheus.ts';

const collectorProgram = component('otelcol-tta');

interface FoundExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: string;
}

async function exemplarsIn({ url }: Prometheus, query: string): Promise<readonly FoundExemplar[]> {
  const now = Date.now() / 1_000;
  const parameters = new URLSearchParams({ query, start: String(now - 300), end: String(now + 60) });
  const response = await fetch(`${url}/api/v1/query_exemplars?${parameters}`);
  const { data } = (await response.json()) as { data: readonly { exemplars: readonly FoundExemplar[] }[] };
  return data.flatMap(({ exemplars }) => exemplars);
}

describe.each(['prometheus', 'prometheus-3'])('with %s', (name) => {
  const program = component(name);

  it.skipIf(program === undefined || collectorProgram === undefined)(
    'the first dollars of a workflow are an increase, and lead to the trace that the Collector got',
    { timeout: 90_000 },
    async () => {
      const sink = await startSink();
      onTestFinished(() => sink.stop());
      const env = { TTA_COLLECTOR_TRACES: sink.url };
      const collector = await startCollector(collectorProgram as string, 'laptop', { env });
      const telemetry = await register({ prometheus: { port: 0 }, traces: { endpoint: collector.url } });
      onTestFinished(() => telemetry.shutdown());
      const usage = { inputTokens: 10, outputTokens: 10 };
      const model = { provider: 'openai', id: 'gpt-4', generate: async () => ({ text: 'hi', usage, dollars: 3 }) };
      const paid = workflow('first dollars', llm(model));
      const prometheus = await startPrometheus(program as string, new URL(telemetry.metricsUrl as string).host);
      onTestFinished(() => prometheus.stop());

      const selector = '{workflow_name="first dollars"}';
      const count = `tta_workflow_duration_seconds_count${selector}`;
      await eventually('the workflow stands at 0', async () => {
        const [samples] = await prometheus.query(`count_over_time(${count}[1m])`);
        return Number(samples?.value[1]) >= 2 ? true : undefined;
      });
      expect((await prometheus.query(count)).map(({ value }) => value[1])).toEqual(['0']);
      await paid.execute({ messages: [{ role: 'user', content: 'hi' }] });

      for (const [metric, amount] of [
        ['tta_workflow_llm_cost_total', 3],
        ['tta_workflow_duration_seconds_count', 1],
      ] as const) {
        const [increase] = await eventually(`the increase of ${metric}`, async () => {
          const found = await prometheus.query(`increase(${metric}${selector}[20s]) > 0`);
          return found.length > 0 ? found : undefined;
        });
        // Prometheus extrapolates: between the first two samples by up to a scrape.
        expect(Number(increase?.value[1]) / amount).toBeGreaterThan(0.9);
        expect(Number(increase?.value[1]) / amount).toBeLessThan(2.1);
      }

      await telemetry.flush();
      for (const query of [
        `histogram_quantile(0.95, sum by (le) (rate(tta_workflow_duration_seconds_bucket${selector}[1m])))`,
        `3600 * sum(rate(tta_workflow_llm_cost_total${selector}[1m]))`,
        'sum by (model) (rate(tta_llm_cost_total{model="gpt-4"}[1m]))',
        'tta_llm_request_duration_seconds_bucket{model="gpt-4"}',
      ]) {
        const [exemplar] = await eventually(`exemplars of ${query}`, async () => {
          const found = await exemplarsIn(prometheus, query);
          return found.length > 0 ? found : undefined;
        });
        const { trace_id: traceId, span_id: spanId } = exemplar?.labels ?? {};
        await eventually('its span at the trace store', async () =>
          sink.spans.some((span) => span.traceId === traceId && span.spanId === spanId) ? true : undefined,
        );
      }

      const often = workflow(
        'often',
        task('step', () => 1),
      );
      const seen = new Set<unknown>();
      await eventually('several scrapes with exemplars of one series', async () => {
        await often.execute();
        for (const { labels } of await exemplarsIn(
          prometheus,
          'tta_workflow_duration_seconds_bucket{workflow_name="often"}',
        ))
          seen.add(labels.span_id);
        return seen.size >= 4 ? true : undefined;
      });
      const rejected = 'prometheus_target_scrapes_exemplar_out_of_order_total';
      expect((await prometheus.query(rejected)).map(({ value }) => Number(value[1]))).toEqual([0]);
    },
  );
});
