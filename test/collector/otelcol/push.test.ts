/** Metrics that short jobs send, by the real Collector into a real Prometheus. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseExposition, type Sample } from '../../../src/prometheus/parse.ts';
import { endChildren, runProgram } from '../../support/child.ts';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { collectorText, documents } from '../../support/deployment.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import type { Series } from '../../support/prometheus-api.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build } from '../../support/tta.ts';

const otelcol = component('otelcol-tta');
/** No application is scraped: all of its metrics come from the Collector. */
const NO_APPLICATION = '127.0.0.1:9';
const RUNS = 7;
/** A job of some milliseconds that prints its metrics as the endpoint would show them. */
const JOB = `
  import { metrics } from '@opentelemetry/api';
  const sdk = await register();
  const orders = metrics.getMeter('shop').createCounter('shop.orders');
  orders.add(2, { job: 'own', le: 'x', '': 'none', 'ключ': 'k', 'http.method': 'GET', http_method: 'POST', v: '\\n"\\\\\\u0000' });
  const job = workflow('job', sequential(task('one', async () => 1), task('two', async () => 2)));
  for (let i = 0; i < ${RUNS}; i++) await job.execute();
  console.log('METRICS ' + JSON.stringify(await sdk.metrics()));`;

const programs = ['prometheus', 'prometheus-3'].map((name) => [name, component(name)] as const);

describe.skipIf(otelcol === undefined)('a job that ends before it is scraped', () => {
  beforeAll(build);
  afterAll(endChildren);

  async function startStore(program: string): Promise<Prometheus> {
    const prometheus = await startPrometheus(program, NO_APPLICATION);
    onTestFinished(() => prometheus.stop());
    return prometheus;
  }

  /** Runs the job, and gives what its endpoint would have shown. */
  async function runJob(url: string, env: Record<string, string> = {}): Promise<readonly Sample[]> {
    const child = runProgram(JOB, {
      env: { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics`, ...env },
    });
    const text = JSON.parse(await child.says('METRICS ')) as string;
    const { code, stderr } = await child.exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return parseExposition(text).samples;
  }

  const keyOf = (name: string, { __name__, instance, ...labels }: Readonly<Record<string, string>>) =>
    `${name} ${JSON.stringify(Object.entries({ ...labels, ...(labels.le === undefined ? {} : { le: String(Number(labels.le.replace('+Inf', 'Infinity'))) }) }).sort())}`;
  const valuesOf = (samples: readonly Sample[]) =>
    new Map(
      samples
        .filter(({ name }) => name.startsWith('tta_'))
        .map(({ name, labels, value }) => [keyOf(name, labels), value]),
    );
  const storedValues = (series: readonly Series[]) =>
    new Map(series.map(({ metric, value }) => [keyOf(metric.__name__ as string, metric), Number(value[1])]));

  async function stored(prometheus: Prometheus, query: string, series: number): Promise<readonly Series[]> {
    return eventually(`${series} series of ${query}`, async () => {
      const found = await prometheus.query(query);
      return found.length >= series ? found : undefined;
    });
  }

  it.each(programs)('has every series of the schema in %s, with its name, labels and value', async (_, program) => {
    if (program === undefined) return;
    const traces = await startSink();
    onTestFinished(() => traces.stop());
    const prometheus = await startStore(program);
    const collector = await startCollector(otelcol as string, 'laptop', {
      takesMetrics: true,
      env: { TTA_COLLECTOR_PROMETHEUS: `${prometheus.url}/api/v1/write`, TTA_COLLECTOR_TRACES: traces.url },
    });
    const shown = valuesOf(
      await runJob(collector.pushUrl, {
        OTEL_SERVICE_NAME: 'nightly',
        OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=first',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      }),
    );
    expect(shown.size).toBeGreaterThan(100);
    const found = storedValues(await stored(prometheus, '{__name__=~"tta_.+",instance="first"}', shown.size));
    expect([...found.keys()].sort()).toEqual([...shown.keys()].sort());
    // Nothing is executed after the text was written.
    for (const [key, value] of shown) expect([key, found.get(key)]).toEqual([key, value]);
    expect(
      found.get(keyOf('tta_workflow_executions_total', { job: 'nightly', workflow_name: 'job', status: 'success' })),
    ).toBe(RUNS);

    const [own] = await stored(prometheus, 'shop_orders_total', 1);
    expect(own?.metric).toMatchObject({
      job: 'nightly',
      exported_job: 'own',
      exported_le: 'x',
      http_method: 'GET;POST',
    });
    expect(Number(own?.value[1])).toBe(2);

    await runJob(collector.pushUrl, { OTEL_SERVICE_NAME: 'nightly', OTEL_TRACES_EXPORTER: 'none' });
    const total = 'tta_workflow_executions_total{job="nightly",workflow_name="job",status="success"}';
    await stored(prometheus, total, 2);
    const value = async (query: string) => Number((await prometheus.query(query))[0]?.value[1]);
    expect(await value(`sum(last_over_time(${total}[10m]))`)).toBe(2 * RUNS);
    // Prometheus estimates: a twentieth too much, and not half.
    const increase = await value(`sum(increase(${total}[10m]))`);
    expect(increase / (2 * RUNS)).toBeGreaterThanOrEqual(1);
    expect(increase / (2 * RUNS)).toBeLessThan(1.06);
    await eventually('the shipped rules see the job', async () => {
      const [rate] = await prometheus.query('tta:request_rate_5m{job="nightly"} > 0');
      return rate;
    });

    const range = `start=${Date.now() / 1_000 - 600}&end=${Date.now() / 1_000 + 600}`;
    const answer = await fetch(
      `${prometheus.url}/api/v1/query_exemplars?query=tta_execution_duration_seconds_bucket&${range}`,
    );
    const { data } = (await answer.json()) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
    const ids = data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    await eventually('the spans arrive', async () => (traces.spans.length > 0 ? true : undefined));
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.filter((id) => !traces.spans.some(({ traceId }) => traceId === id))).toEqual([]);
  });

  it.skipIf(programs[1]?.[1] === undefined)('sends to Prometheus 3 itself, without a Collector', async () => {
    const prometheus = await startPrometheus(programs[1]?.[1] as string, NO_APPLICATION, {
      flags: ['--web.enable-otlp-receiver'],
    });
    onTestFinished(() => prometheus.stop());
    const shown = valuesOf(
      await runJob(`${prometheus.url}/api/v1/otlp`, { OTEL_TRACES_EXPORTER: 'none', OTEL_SERVICE_NAME: 'nightly' }),
    );
    const found = storedValues(await stored(prometheus, '{__name__=~"tta_.+"}', shown.size));
    for (const [key, value] of shown) expect([key, found.get(key)]).toEqual([key, value]);
    expect([...found.keys()].sort()).toEqual([...shown.keys()].sort());
  });

  it.skipIf(programs[0]?.[1] === undefined)('has the namespace that one more configuration names', async () => {
    const prometheus = await startStore(programs[0]?.[1] as string);
    const more = /`(exporters: \{ prometheusremotewrite\/pushed: .*?)`/.exec(collectorText('README.md'))?.[1] ?? '';
    const [override] = documents<object>(more);
    const collector = await startCollector(otelcol as string, 'laptop', {
      takesMetrics: true,
      env: { TTA_COLLECTOR_PROMETHEUS: `${prometheus.url}/api/v1/write` },
      override: override as object,
    });
    const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_SERVICE_NAME: 'nightly' };
    await runJob(collector.pushUrl, env);
    await stored(prometheus, 'tta_workflow_executions_total{job="nightly",namespace="shop"}', 1);
    // The attribute does not give one, as the guide says.
    await runJob(collector.pushUrl, { ...env, OTEL_RESOURCE_ATTRIBUTES: 'service.namespace=eu' });
    await stored(prometheus, 'tta_workflow_executions_total{job="eu/nightly",namespace="shop"}', 1);
  });

  it.skipIf(programs[0]?.[1] === undefined)('is asked for the token of the gateway', async () => {
    const prometheus = await startStore(programs[0]?.[1] as string);
    const gateway = await startCollector(otelcol as string, 'gateway', {
      takesMetrics: true,
      env: {
        TTA_COLLECTOR_TOKEN_FILE: `${tempFolder({ token: 'secret' })}/token`,
        TTA_COLLECTOR_PROMETHEUS: `${prometheus.url}/api/v1/write`,
        TTA_COLLECTOR_SAMPLER_PORT: '1',
      },
    });
    const refused = runProgram(JOB, {
      env: {
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${gateway.pushUrl}/v1/metrics`,
      },
    });
    expect((await refused.exited).stderr).toContain('401');
    await runJob(gateway.pushUrl, {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'authorization=Bearer%20secret',
    });
    await stored(prometheus, 'tta_workflow_executions_total{workflow_name="job",status="success"} == 7', 1);
    expect(await prometheus.query('count(count by (instance) (tta_workflow_executions_total))')).toMatchObject([
      { value: [expect.any(Number), '1'] },
    ]);
  });
});
