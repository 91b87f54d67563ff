/** A program that makes labels and names of data, for ever: memory and scrape stay as they are. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Attributes, Meter } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Families } from '../../src/prometheus/families.ts';
import { SELF } from '../../src/prometheus/series.ts';
import { ownMeter } from './own-meter.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const VALUES = 1_000_000;
const SCRAPES = 250;

type Measure = (attributes: Attributes, value: number) => void;
const FLOODS: Readonly<Record<string, (meter: Meter) => Measure>> = {
  counter: (meter) => {
    const counter = meter.createCounter('orders');
    return (attributes) => counter.add(1, attributes);
  },
  histogram: (meter) => {
    const times = meter.createHistogram('times');
    return (attributes, value) => times.record(value, attributes);
  },
  gauge: (meter) => {
    const level = meter.createGauge('level');
    return (attributes, value) => level.record(value, attributes);
  },
  'observable counter': (meter) => {
    let seen: [Attributes, number][] = [];
    meter.createObservableCounter('seen').addCallback((result) => {
      for (const [attributes, value] of seen) result.observe(value, attributes);
      seen = [];
    });
    return (attributes, value) => seen.push([attributes, value]);
  },
};

describe('a million sets of labels in 250 scrapes', () => {
  it.each(Object.keys(FLOODS))(
    'of a %s leave memory and scrape flat',
    async (kind) => {
      const { provider, exporter } = ownMeter();
      const measure = (FLOODS[kind] as (meter: Meter) => Measure)(provider.getMeter('shop'));
      const heaps: number[] = [];
      const lengths: number[] = [];
      for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
        for (let n = 0; n < VALUES / SCRAPES; n += 1) measure({ customer: `c-${scrape}-${n}`, region: 'eu' }, n);
        lengths.push((await exporter.text()).length);
        if (scrape % 50 === 4) heaps.push(heapMb());
      }
      console.info(kind, heaps.map(Math.round).join(' '), 'MB', lengths.at(5), lengths.at(-1));
      expect((heaps.at(-1) ?? 0) - (heaps[0] ?? 0)).toBeLessThan(3);
      // Of an observed sum above its limits, the SDK does not know what was added: it is not shown.
      expect(lengths.at(-1)).toBeLessThanOrEqual(1.1 * (lengths[5] ?? 0));
      await provider.shutdown();
    },
    300_000,
  );
});

it('keeps memory flat with values of 100 kB', async () => {
  const { provider, exporter } = ownMeter();
  const counter = provider.getMeter('shop').createCounter('orders');
  const text = 'x'.repeat(100_000);
  const heaps: number[] = [];
  for (let scrape = 0; scrape < 60; scrape += 1) {
    for (let n = 0; n < 100; n += 1) counter.add(1, { customer: `${scrape} ${n} ${text}` });
    await exporter.text();
    if (scrape === 30 || scrape === 59) heaps.push(heapMb());
  }
  console.info('100 kB', heaps.map(Math.round).join(' '));
  expect((heaps[1] ?? 0) - (heaps[0] ?? 0)).toBeLessThan(3);
  await provider.shutdown();
}, 120_000);

it('keeps of a million names of metrics what a scrape can show', () => {
  // Not through the SDK, which keeps every instrument.
  const families = new Families({
    prefix: '',
    maxSeriesPerMetric: 2_000,
    maxSamples: 50_000,
    withScope: false,
    seriesTtlMs: Number.POSITIVE_INFINITY,
    tell: () => {},
  });
  const report = (from: number) =>
    families.add(SELF, [
      {
        scope: { name: 'shop' },
        metrics: Array.from({ length: 10_000 }, (_, n) => ({
          descriptor: { name: `orders_${from + n}`, description: `${from + n}`.repeat(1_000), unit: '', valueType: 1 },
          dataPointType: 3,
          aggregationTemporality: 0,
          isMonotonic: true,
          dataPoints: [{ attributes: { region: 'eu' }, startTime: [0, 0], endTime: [0, 0], value: 1 }],
        })) as never,
      },
    ]);
  const heaps: number[] = [];
  for (let from = 0; from < VALUES; from += 10_000) {
    report(from);
    if (from === 90_000 || from === VALUES - 10_000) heaps.push(heapMb());
  }
  console.info('names', heaps.map(Math.round).join(' '));
  expect(families.size.samples).toBeLessThanOrEqual(50_000);
  expect((heaps[1] ?? 0) - (heaps[0] ?? 0)).toBeLessThan(3);
}, 300_000);

it('keeps a histogram series of 14 bounds in less than 2 kB', async () => {
  const { provider, exporter } = ownMeter({ maxSeriesPerMetric: 20_000, maxSamples: 400_000 });
  const times = provider.getMeter('shop').createHistogram('times');
  const before = heapMb();
  const table = (n: number) => times.record(n, { route: `/orders/${n}`, method: 'GET' });
  for (let n = 0; n < 10_000; n += 1) table(n);
  await exporter.text();
  // The SDK keeps the last collection: an empty one.
  await exporter.text();
  await exporter.text();
  const bytes = ((heapMb() - before) * 2 ** 20) / 10_000;
  console.info('bytes per histogram series', Math.round(bytes));
  expect(bytes).toBeLessThan(2_048);
  await provider.shutdown();
}, 60_000);
