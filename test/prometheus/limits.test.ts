import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { type Exposition, select } from '../../src/prometheus/parse.ts';
import { ttaViews } from '../../views/index.ts';
import { total } from '../support/scrape.ts';
import { ownMeter } from './own-meter.ts';

const OTHER = { customer: '__other__' };
const seriesOf = ({ samples }: Exposition, name: string) => samples.filter((sample) => sample.name === name).length;

/** With the metrics of this package too, among them that of what was folded. */
const withOurs = { views: [...ttaViews] };

describe('the series of a metric', () => {
  it('are at most 2,000: what is above is in one series, and nothing is lost', async () => {
    const { provider, scrape } = ownMeter();
    const meter = provider.getMeter('shop');
    const orders = meter.createCounter('orders');
    const times = meter.createHistogram('times', { advice: { explicitBucketBoundaries: [1] } });
    for (let round = 0; round < 5; round += 1) {
      for (let n = 0; n < 1_500; n += 1) {
        orders.add(1, { customer: `${round} ${n}` });
        times.record(2, { customer: `${round} ${n}` });
      }
      orders.add(1, { customer: '0 0' });
      await scrape();
    }
    const all = await scrape();
    expect([seriesOf(all, 'orders_total'), seriesOf(all, 'times_count')]).toEqual([2_000, 2_000]);
    expect([total(all, 'orders_total'), total(all, 'times_count'), total(all, 'times_sum')]).toEqual([
      7_505, 7_500, 15_000,
    ]);
    expect(select(all, 'orders_total', { customer: '0 0' })).toMatchObject([{ value: 6 }]);
    expect(select(all, 'orders_total', OTHER)).toMatchObject([{ value: 5 * 1_500 - 1_999 }]);
  });

  it('lose nothing either when the SDK itself has too many between two scrapes', async () => {
    const { provider, scrape } = ownMeter({ maxSeriesPerMetric: 10 });
    const orders = provider.getMeter('shop').createCounter('orders');
    orders.add(1, { customer: 'first' });
    await scrape();
    for (let n = 0; n < 1_000; n += 1) orders.add(1, { customer: n });
    const all = await scrape();
    expect([seriesOf(all, 'orders_total'), total(all, 'orders_total')]).toEqual([10, 1_001]);
    expect(select(all, 'orders_total', OTHER)).toMatchObject([{ value: 992 }]);
  });

  it('are told apart by the keys of their labels, and all others are one series', async () => {
    const { provider, scrape } = ownMeter({ maxSeriesPerMetric: 3 });
    const orders = provider.getMeter('shop').createCounter('orders');
    for (let n = 0; n < 100; n += 1) orders.add(1, { [`key${n}`]: n });
    orders.add(1);
    const all = await scrape();
    expect([seriesOf(all, 'orders_total'), total(all, 'orders_total')]).toEqual([3, 101]);
  });

  it('of gauges have no sum: what is above is counted, once per measurement', async () => {
    const { provider, scrape } = ownMeter({ maxSeriesPerMetric: 10 }, withOurs);
    const meter = provider.getMeter('shop');
    const { metrics } = await import('@opentelemetry/api');
    metrics.setGlobalMeterProvider(provider);
    const level = meter.createGauge('level');
    const open = meter.createUpDownCounter('open');
    meter.createObservableGauge('seen').addCallback((result) => {
      for (let n = 0; n < 12; n += 1) result.observe(1, { customer: n });
    });
    for (let n = 0; n < 12; n += 1) {
      level.record(1, { customer: n });
      open.add(1, { customer: n });
    }
    await scrape();
    const all = await scrape();
    metrics.disable();
    expect([seriesOf(all, 'level'), seriesOf(all, 'open'), seriesOf(all, 'seen')]).toEqual([9, 10, 9]);
    expect(select(all, 'open', OTHER)).toMatchObject([{ value: 3 }]);
    const folded = (metric: string) => total(all, 'tta_series_overflow_total', { metric });
    // A scrape shows what those before it have folded.
    expect([folded('level'), folded('open'), folded('seen')]).toEqual([3, 3, 3]);
  });
});

describe('observable instruments whose labels change for ever', () => {
  const CREATE = ['createObservableGauge', 'createObservableUpDownCounter', 'createObservableCounter'] as const;

  it.each(CREATE)('are shown as they are: %s', async (create) => {
    const { provider, scrape, lines } = ownMeter({ maxSeriesPerMetric: 40 });
    let now: readonly (readonly [string, number])[] = [];
    provider
      .getMeter('shop')
      [create]('seen')
      .addCallback((result) => {
        for (const [customer, value] of now) result.observe(value, { customer });
      });
    for (let round = 0; round < 100; round += 1) {
      now = [['stays', round], ...Array.from({ length: 10 }, (_, n) => [`${round} ${n}`, n] as const)];
      const { samples } = await scrape();
      expect(samples.map(({ labels, value }) => [labels.customer, value])).toEqual(now);
    }
    // One that comes back has the value that is observed.
    now = [['0 5', 7]];
    expect((await lines()).map((line) => line.replace('_total', ''))).toEqual(['seen{customer="0 5"} 7']);
  });

  it('lose and repeat nothing of a sum in the reports to another process, or beside another reader', async () => {
    const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
    const other = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 1e6 });
    const { provider, exporter } = ownMeter(
      { maxSeriesPerMetric: 40 },
      { readers: [other], views: [{ instrumentName: '*' }] },
    );
    const alone = ownMeter({ maxSeriesPerMetric: 40 });
    let now: readonly string[] = [];
    for (const { provider: each } of [{ provider }, alone]) {
      each
        .getMeter('shop')
        .createObservableCounter('seen')
        .addCallback((result) => {
          for (const customer of now) result.observe(3, { customer });
        });
    }
    const handedOver: number[] = [];
    const valuesOf = (scopes: readonly ScopeMetrics[]) =>
      scopes.flatMap(({ metrics }) =>
        metrics.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => Number(value))),
      );
    for (let round = 0; round < 8; round += 1) {
      now = Array.from({ length: 10 }, (_, n) => `${round % 7} ${n}`);
      await exporter.text();
      await other.forceFlush();
      const reports = await alone.exporter.handOver(1_000);
      handedOver.push(...reports.flatMap(({ scopes }) => valuesOf(scopes)));
    }
    const delivered = metricExporter.getMetrics().flatMap(({ scopeMetrics }) => valuesOf(scopeMetrics));
    const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
    expect([sum(delivered), sum(handedOver)]).toEqual([210, 210]);
    await provider.shutdown();
  });
});

describe('the lines of a scrape', () => {
  it.each([1, 2, 20, 100, 1_000])('are at most %i, and a series that is shown stays', async (maxSamples) => {
    const { provider, scrape } = ownMeter({ maxSamples, withoutTargetInfo: false });
    const meter = provider.getMeter('shop');
    let before: readonly string[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let n = 0; n < 60; n += 1) {
        meter.createCounter(`c${n % 20}`).add(1, { customer: `${round} ${n}` });
        meter.createHistogram(`h${n % 20}`).record(1, { customer: `${round} ${n}` });
        meter.createGauge(`g${n % 20}`).record(1, { customer: `${round} ${n}` });
      }
      const { samples } = await scrape();
      const ids = samples.map(({ name, labels }) => JSON.stringify([name, labels]));
      expect(ids.length).toBeLessThanOrEqual(maxSamples);
      expect(ids).toEqual(expect.arrayContaining([...before]));
      before = ids;
    }
  });

  it('are no more than 32 million characters', async () => {
    const { provider, exporter } = ownMeter({ maxSeriesPerMetric: 100_000, maxSamples: 1_000_000 });
    const times = provider.getMeter('shop').createHistogram('times');
    const long = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k${n}`, 'x'.repeat(1_024)]));
    for (let n = 0; n < 200; n += 1) times.record(1, { ...long, customer: n });
    const text = await exporter.text();
    expect(text.length).toBeLessThan(34_000_000);
    expect(text).toContain('times_count{customer="__other__",k0="__other__"');
  });
});

describe('metrics without number', () => {
  it('are shown as far as there is room, the rest is counted', async () => {
    const { provider, scrape } = ownMeter({ maxSamples: 100 });
    const meter = provider.getMeter('shop');
    for (let n = 0; n < 500; n += 1) meter.createCounter(`orders_${n}`).add(1);
    const { samples } = await scrape();
    // Half of the room is for their series __other__, a tenth is kept for the metrics of this package.
    expect(samples).toHaveLength(45);
    meter.createCounter('orders_3').add(1);
    expect(total(await scrape(), 'orders_3_total')).toBe(2);
  });
});

describe('idle series', () => {
  it('are hidden after seriesTtlMs, and go on from their value', async () => {
    const { provider, lines } = ownMeter({ seriesTtlMs: 200 });
    const meter = provider.getMeter('shop');
    const orders = meter.createCounter('orders');
    const times = meter.createHistogram('times', { advice: { explicitBucketBoundaries: [] } });
    meter.createObservableGauge('level').addCallback((result) => result.observe(1));
    meter.createObservableCounter('seen').addCallback((result) => result.observe(7));
    orders.add(2);
    times.record(1);
    expect(await lines()).toHaveLength(6);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await lines()).toEqual(['level{} 1']);
    orders.add(1);
    times.record(1);
    expect(await lines()).toEqual([
      'orders_total{} 3',
      'times_bucket{le="+Inf"} 2',
      'times_sum{} 2',
      'times_count{} 2',
      'level{} 1',
    ]);
  });
});
