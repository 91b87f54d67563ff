import { type Attributes, metrics } from '@opentelemetry/api';
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { cache, fallback, retry, task, workflow } from '../../src/index.ts';
import { PrometheusExporter } from '../../src/prometheus/index.ts';
import { ttaViews } from '../../views/index.ts';

/** Lines of values, sorted: the order of lines has no meaning. */
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort();

function start(options: object = {}) {
  const [ours, stock] = [PrometheusExporter, StockExporter].map(
    (Exporter) => new Exporter({ preventServerStart: true, ...options }),
  ) as [PrometheusExporter, StockExporter];
  const resource = resourceFromAttributes({ 'service.name': 'shop', job: 'shop', region: 'eu' });
  const provider = new MeterProvider({ resource, views: [...ttaViews], readers: [ours, stock] });
  const texts = async () => {
    const theirs = await new Promise<string>((resolve) =>
      stock.getMetricsRequestHandler({} as never, { setHeader() {}, end: resolve } as never),
    );
    return { ours: linesOf(await ours.text()), theirs: linesOf(theirs) };
  };
  return { provider, texts };
}

async function compare({ texts }: ReturnType<typeof start>): Promise<void> {
  const { ours, theirs } = await texts();
  expect(ours).toEqual(theirs);
  expect(ours.length).toBeGreaterThan(5);
}

describe('the text format has the lines of the exporter of OpenTelemetry', () => {
  it.each<[string, object]>([
    ['as it is made', {}],
    ['without scopes', { withoutScopeInfo: true }],
    ['without the target', { withoutTargetInfo: true }],
    ['with a prefix', { prefix: 'my' }],
    ['with labels of the resource', { withResourceConstantLabels: /^(job|region)$/g }],
  ])('for instruments of a program, %s', async (_, options) => {
    const both = start(options);
    const meter = both.provider.getMeter('shop', '1.2.3');
    const labels: Attributes = { zone: 'a', method: 'GET', cached: true, size: 3 };
    const orders = meter.createCounter('orders');
    const requests = meter.createCounter('http.requests_total');
    const open = meter.createUpDownCounter('open-requests');
    const wait = meter.createHistogram('wait', { advice: { explicitBucketBoundaries: [0.5, 1, 10] } });
    const level = meter.createGauge('level');
    meter.createObservableGauge('observed').addCallback((result) => result.observe(0.1, { zone: 'b' }));
    meter.createObservableCounter('seen').addCallback((result) => result.observe(12));
    for (let round = 1; round < 4; round += 1) {
      orders.add(1);
      requests.add(round, labels);
      open.add(round % 2 === 0 ? -3 : 1, { zone: 'a' });
      wait.record(round * 0.7, labels);
      level.record(round / 3, { zone: 'a' });
      await compare(both);
    }
  });

  it('for the schema', async () => {
    const both = start({ withoutScopeInfo: true, withResourceConstantLabels: /^job$/ });
    metrics.setGlobalMeterProvider(both.provider);
    const broken = task('broken', (_: number) => Promise.reject(new Error('no')));
    const steps = retry(
      cache(
        task('step', (n: number) => n),
        { key: String },
      ),
      { maxRetries: 1 },
    );
    await workflow('flow', fallback(broken, [steps])).execute(1);
    const { ours, theirs } = await both.texts();
    metrics.disable();
    expect(ours).toEqual(expect.arrayContaining(theirs));
    // Ours has more: histograms at 0.
    const more = ours.filter((line) => !theirs.includes(line));
    expect(more.filter((line) => !line.endsWith(' 0'))).toEqual([]);
    expect(theirs.length).toBeGreaterThan(100);
  });
});
