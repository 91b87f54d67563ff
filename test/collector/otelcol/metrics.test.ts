/** Tests the metrics that the Collector writes to Prometheus. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endChildren, runProgram } from '../../support/child.ts';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { eventually, startPrometheus } from '../../support/prometheus.ts';
import { scrape } from '../../support/scrape.ts';
import { makeTrace, postSpans } from '../../support/span-sender.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build } from '../../support/tta.ts';

const otelcol = component('otelcol-tta');
const program = component('prometheus');
/** No application is scraped: all metrics in Prometheus come from the Collector. */
const NO_APPLICATION = '127.0.0.1:9';

describe.skipIf(otelcol === undefined || program === undefined)('the Collector and Prometheus', () => {
  beforeAll(build);
  afterAll(endChildren);

  async function startMetricStore() {
    const prometheus = await startPrometheus(program as string, NO_APPLICATION);
    onTestFinished(() => prometheus.stop());
    return { prometheus, write: `${prometheus.url}/api/v1/write` };
  }

  it('computes metrics of every span at the gateway, with exemplars, before sampling', async () => {
    const { prometheus, write } = await startMetricStore();
    const gateway = await startCollector(otelcol as string, 'gateway', {
      env: {
        TTA_COLLECTOR_TOKEN_FILE: `${tempFolder({ token: 'secret' })}/token`,
        TTA_COLLECTOR_PROMETHEUS: write,
        TTA_COLLECTOR_NAME: 'gateway-7',
        TTA_COLLECTOR_SAMPLER_PORT: '1',
      },
      override: { connectors: { spanmetrics: { metrics_flush_interval: '1s' } } },
    });
    const traces = Array.from({ length: 40 }, (_, i) => makeTrace({ name: 'step', error: i < 10, seconds: 3 }));
    const spans = traces.flat();
    expect(await postSpans(gateway.url, spans, { authorization: 'Bearer secret' })).toBe(200);

    // The first sample of a series is 0, so that `rate()` counts its first spans.
    const holds = (metric: string, labels: string, expected: number) =>
      eventually(`${metric} of ${labels} is ${expected}`, async () => {
        const [series, ...more] = await prometheus.query(
          `sum by (gateway) (${metric}{service_name="sender",${labels}})`,
        );
        if (series === undefined || more.length > 0) return undefined;
        return series.metric.gateway === 'gateway-7' && Number(series.value[1]) === expected ? true : undefined;
      });
    await holds('traces_span_metrics_calls_total', 'span_name="step"', 200);
    await holds('traces_span_metrics_calls_total', 'status_code="STATUS_CODE_ERROR"', 10);
    await holds('traces_span_metrics_duration_seconds_bucket', 'le="1"', 160);
    await holds('traces_span_metrics_duration_seconds_bucket', 'le="5"', 200);

    const exemplars = await eventually('exemplars', async () => {
      const range = `start=${Date.now() / 1_000 - 600}&end=${Date.now() / 1_000 + 600}`;
      const query = `${prometheus.url}/api/v1/query_exemplars?query=traces_span_metrics_duration_seconds_bucket&${range}`;
      const { data } = (await (await fetch(query)).json()) as {
        data: { exemplars: { labels: { trace_id: string } }[] }[];
      };
      return data.length > 0
        ? data.flatMap((series) => series.exemplars.map(({ labels }) => labels.trace_id))
        : undefined;
    });
    const sent = new Set(spans.map(({ traceId }) => traceId));
    expect(exemplars.filter((id) => !sent.has(id))).toEqual([]);
  });

  it('scrapes an application, and every series keeps its name and labels', async () => {
    const { prometheus, write } = await startMetricStore();
    const app = runProgram(
      `const sdk = await register({ traces: false });
       const job = workflow('job', sequential(task('one', async (i) => i), task('two', async (i) => i)));
       await job.execute(1);
       console.log('Metrics', sdk.metricsUrl);
       setInterval(() => {}, 1_000);`,
    );
    const metricsUrl = await app.says('Metrics');
    await startCollector(otelcol as string, 'laptop', {
      scrapes: true,
      env: {
        TTA_COLLECTOR_PROMETHEUS: write,
        TTA_COLLECTOR_SCRAPE: JSON.stringify([new URL(metricsUrl).host]),
        TTA_COLLECTOR_SCRAPE_INTERVAL: '1s',
      },
    });
    const seriesKey = (labels: Readonly<Record<string, string>>, name: string) => {
      const { __name__, instance, le, ...rest } = labels;
      return `${name}${JSON.stringify(Object.entries(rest).sort())}${le === undefined ? '' : Number(le.replace('+', ''))}`;
    };
    // Twice: a scrape shows how the one before it was.
    await scrape(metricsUrl);
    const { samples } = await scrape(metricsUrl);
    const expected = new Set(
      samples.filter(({ name }) => name.startsWith('tta_')).map((s) => seriesKey(s.labels, s.name)),
    );
    expect(expected.size).toBeGreaterThan(30);
    const stored = await eventually('the series are stored', async () => {
      const found = await prometheus.query('{__name__=~"tta_.+",job="tta-primitives"}');
      return found.length >= expected.size ? found : undefined;
    });
    const storedKeys = new Set(stored.map(({ metric }) => seriesKey(metric, metric.__name__ as string)));
    expect([...expected].filter((series) => !storedKeys.has(series))).toEqual([]);
    expect([...storedKeys].filter((series) => !expected.has(series))).toEqual([]);
    expect(new Set(stored.map(({ metric }) => metric.instance))).toEqual(new Set([new URL(metricsUrl).host]));
  });
});
