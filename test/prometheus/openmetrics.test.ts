import { metrics } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { PrometheusExporter } from '../../src/prometheus/index.ts';
import { parseExposition } from '../../src/prometheus/parse.ts';
import { createSchemaProvider } from '../../src/prometheus/provider.ts';
import { loadSdk } from '../../src/sdk/packages.ts';
import { hasOpenMetricsParser, readOpenMetrics } from '../support/openmetrics.ts';

const installed = hasOpenMetricsParser();

function start() {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meter = new MeterProvider({ readers: [exporter] }).getMeter('shop');
  const family = async (name: string) =>
    readOpenMetrics(await exporter.text('openmetrics')).find((each) => each.name === name);
  return { exporter, meter, family };
}

describe.skipIf(!installed)('OpenMetrics', () => {
  it('has the name of a counter without _total, and the name of its sample with it', async () => {
    const { meter, family } = start();
    meter.createCounter('orders', { description: 'said "twice" \\ in\ntwo lines' }).add(2, { shop: 'ü"\\\n' });
    expect(await family('orders')).toMatchObject({
      type: 'counter',
      help: 'said "twice" \\ in\ntwo lines',
      samples: [{ name: 'orders_total', labels: { shop: 'ü"\\\n' }, value: 2, timestamp: null }],
    });
  });

  it('has the target as an info', async () => {
    const { meter, family } = start();
    meter.createCounter('orders').add(1);
    expect(await family('target')).toMatchObject({ type: 'info', samples: [{ name: 'target_info', value: 1 }] });
  });

  it('writes the bounds of a histogram as the text format does', async () => {
    const { meter, exporter } = start();
    const boundaries = [0.001, 0.5, 1, 10, 1e21];
    meter.createHistogram('wait_seconds', { advice: { explicitBucketBoundaries: boundaries } }).record(3);
    const bounds = (text: string) => [...text.matchAll(/le="([^"]*)"/g)].map(([, bound]) => bound);
    const openMetrics = await exporter.text('openmetrics');
    readOpenMetrics(openMetrics);
    expect(bounds(openMetrics)).toEqual(['0.001', '0.5', '1', '10', '1e+21', '+Inf']);
    expect(bounds(await exporter.text())).toEqual(bounds(openMetrics));
  });

  it.each([
    ['wait_seconds', 's', 'seconds'],
    ['memory_bytes', 'By', 'bytes'],
    ['hit_ratio', '1', 'ratio'],
    ['orders', '{order}', ''],
    ['wait', 's', ''],
    ['seconds', 's', ''],
    ['wait_seconds', 's\n# EOF', ''],
  ])('says the unit of %s in %j as "%s"', async (name, unit, expected) => {
    const { meter, family } = start();
    meter.createUpDownCounter(name, { unit }).add(1);
    expect((await family(name))?.unit).toBe(expected);
  });

  it('says the unit of a counter before _total', async () => {
    const { meter, family } = start();
    meter.createCounter('busy_seconds_total', { unit: 's' }).add(1);
    expect(await family('busy_seconds')).toMatchObject({ unit: 'seconds' });
  });

  it('has the same samples as the text format', async () => {
    const { provider, exporter } = createSchemaProvider(loadSdk(), {
      resource: resourceFromAttributes({ 'service.name': 'shop' }),
      jobLabel: false,
    });
    metrics.setGlobalMeterProvider(provider);
    await task('step', () => 1).execute();
    // At the same time, so that they are of one collection.
    const [openMetrics, text] = await Promise.all([exporter.text('openmetrics'), exporter.text()]);
    const families = readOpenMetrics(openMetrics);
    const seriesOf = (samples: readonly { name: string; labels: object; value: number }[]) =>
      samples.map(({ name, labels, value }) => `${name} ${JSON.stringify(labels)} ${value}`);
    expect(seriesOf(families.flatMap(({ samples }) => samples))).toEqual(seriesOf(parseExposition(text).samples));
    expect(families.length).toBeGreaterThan(10);
    metrics.disable();
    await provider.shutdown();
  });
});
