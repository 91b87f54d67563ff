import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus/build/src/PrometheusSerializer.js';
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrometheusExporter } from '../../src/prometheus/index.ts';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';
import { ownMeter } from './own-meter.ts';

const BOUNDS = [1, 2, 5];
const KINDS = ['counter', 'upDown', 'gauge', 'histogram', 'seen', 'seenUpDown', 'seenGauge'] as const;
const command = fc.record({
  kind: fc.constantFrom(...KINDS),
  name: fc.constantFrom('a', 'b.c', 'd_total'),
  route: fc.constantFrom(undefined, '/', '/x "y"', 'z'),
  value: fc.integer({ min: 0, max: 8 }),
});
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
const rounds = fc.array(fc.array(command, { maxLength: 15 }), { minLength: 1, maxLength: 5 });

/** The instruments of a program; what is observed is what was set last. */
function program(provider: MeterProvider) {
  const meter = provider.getMeter('shop', '1.2');
  const observed = new Map<string, Map<string | undefined, number>>();
  const observe = (
    name: string,
    create: 'createObservableCounter' | 'createObservableUpDownCounter' | 'createObservableGauge',
  ) => {
    const known = observed.get(name);
    if (known !== undefined) return known;
    const values = new Map<string | undefined, number>();
    observed.set(name, values);
    meter[create](name).addCallback((result) => {
      for (const [route, value] of values) result.observe(value, route === undefined ? {} : { route });
    });
    return values;
  };
  return ({ kind, name, route, value }: Command) => {
    const attributes = route === undefined ? {} : { route };
    const own = `${kind}.${name}`;
    if (kind === 'counter') meter.createCounter(own).add(value, attributes);
    else if (kind === 'upDown') meter.createUpDownCounter(own).add(value - 4, attributes);
    else if (kind === 'gauge') meter.createGauge(own).record(value, attributes);
    else if (kind === 'histogram') {
      meter.createHistogram(own, { advice: { explicitBucketBoundaries: BOUNDS } }).record(value, attributes);
    } else if (kind === 'seen') {
      const values = observe(own, 'createObservableCounter');
      values.set(route, (values.get(route) ?? 0) + value);
    } else if (kind === 'seenUpDown') observe(own, 'createObservableUpDownCounter').set(route, value - 4);
    else observe(own, 'createObservableGauge').set(route, value);
  };
}

const samplesOf = ({ samples }: Exposition) =>
  samples.map(({ name, labels, value }) => JSON.stringify([name, Object.entries(labels).sort(), value])).sort();

describe('measurements in any order, with scrapes between them', () => {
  it("have the samples that OpenTelemetry's own exporter has", async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.boolean(), async (all, withoutScopeInfo) => {
        const ours = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo });
        const stock = new StockExporter({ preventServerStart: true, withoutScopeInfo });
        const readers = [ours, stock].map((exporter) => new MeterProvider({ readers: [exporter] }));
        const programs = readers.map(program);
        const serializer = new PrometheusSerializer('', false, undefined, false, withoutScopeInfo);
        for (const commands of all) {
          for (const each of commands) for (const measure of programs) measure(each);
          const { resourceMetrics } = await stock.collect();
          const expected = serializer.serialize(resourceMetrics);
          expect(samplesOf(parseExposition(await ours.text()))).toEqual(samplesOf(parseExposition(expected)));
          // What `collect` gives is the same data.
          const given = serializer.serialize((await ours.collect()).resourceMetrics);
          expect(samplesOf(parseExposition(given))).toEqual(samplesOf(parseExposition(expected)));
        }
        await Promise.all(readers.map((provider) => provider.shutdown()));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('have sums that a plain addition has, whatever the limits fold', async () => {
    const add = fc.record({ key: fc.integer({ min: 0, max: 12 }), value: fc.integer({ min: 0, max: 9 }) });
    const limits = fc.record({
      maxSeriesPerMetric: fc.integer({ min: 1, max: 15 }),
      maxSamples: fc.integer({ min: 20, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(add)), limits, async (all, options) => {
        const { provider, scrape } = ownMeter(options);
        const counter = provider.getMeter('shop').createCounter('n');
        const times = provider.getMeter('shop').createHistogram('t', { advice: { explicitBucketBoundaries: BOUNDS } });
        let sum = 0;
        let count = 0;
        for (const values of all) {
          for (const { key, value } of values) {
            counter.add(value, { key });
            times.record(value, { key });
            sum += value;
            count += 1;
          }
          const { samples } = await scrape();
          const totalOf = (name: string) =>
            samples.filter((each) => each.name === name).reduce((total, each) => total + each.value, 0);
          expect([totalOf('n_total'), totalOf('t_sum'), totalOf('t_count')]).toEqual([sum, sum, count]);
        }
        await provider.shutdown();
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

describe('a source that reports sums', () => {
  it('has the sums that it reports, and goes on from there when it begins again', async () => {
    let values: readonly number[] = [];
    const point = (value: unknown) => ({ attributes: { a: 1 }, startTime: [0, 0], endTime: [0, 0], value });
    const metric = (name: string, dataPointType: number, value: unknown) => ({
      descriptor: { name, description: '', unit: '', type: 'COUNTER' },
      dataPointType,
      aggregationTemporality: 1,
      isMonotonic: true,
      dataPoints: [point(value)],
    });
    const producer = {
      collect: async () => ({
        errors: [],
        resourceMetrics: {
          resource: { attributes: {} },
          scopeMetrics: values.map((value) => ({
            scope: { name: 'theirs' },
            metrics: [
              metric('n', 3, value),
              metric('t', 0, { buckets: { boundaries: [1], counts: [value, 0] }, count: value, sum: value }),
              { ...metric('hostile', 3, 1), dataPoints: [null, point('x'), point(-1), { value: 1 }] },
              null,
            ],
          })),
        },
      }),
    } as unknown as MetricProducer;
    const { lines } = ownMeter({ metricProducers: [producer] });
    const shown = async (value: number) => {
      values = [value];
      return (await lines()).filter((line) => !line.startsWith('t_bucket'));
    };
    const expected = (value: number) => [`n_total{a="1"} ${value}`, `t_sum{a="1"} ${value}`, `t_count{a="1"} ${value}`];
    expect(await shown(5)).toEqual(expected(5));
    expect(await shown(7)).toEqual(expected(7));
    expect(await shown(7)).toEqual(expected(7));
    expect(await shown(2)).toEqual(expected(9));
    expect(await shown(3)).toEqual(expected(10));
  });
});
