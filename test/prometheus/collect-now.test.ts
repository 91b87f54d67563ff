/** What the exporter collects without a promise is what the SDK's own collection gives. */
import type { Attributes, Meter } from '@opentelemetry/api';
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exporterOn } from '../../src/prometheus/exporter.ts';
import type { InternalExporter } from '../../src/prometheus/exporter-types.ts';
import { ttaViews } from '../../views/index.ts';

const Exporter = exporterOn(StockExporter);

function start(): { meter: Meter; exporter: InternalExporter } {
  const exporter = new Exporter({ preventServerStart: true });
  const provider = new MeterProvider({ views: [...ttaViews], readers: [exporter] });
  return { meter: provider.getMeter('own'), exporter };
}

type Step = { readonly kind: (typeof KINDS)[number]; readonly value: number; readonly labels: Attributes };
const KINDS = ['counter', 'updown', 'gauge', 'histogram', 'observed', 'observedGauge'] as const;
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    value: fc.integer({ min: 0, max: 1_000 }),
    labels: fc.record({ a: fc.constantFrom('1', '2'), b: fc.constantFrom('x', '') }, { requiredKeys: [] }),
  }),
  { maxLength: 30 },
);

/** Measures the steps, and calls `collect` after each part of them. */
async function measure(parts: readonly (readonly Step[])[], collect: (exporter: InternalExporter) => unknown) {
  const { meter, exporter } = start();
  const counter = meter.createCounter('own.counter');
  const updown = meter.createUpDownCounter('own.updown');
  const gauge = meter.createGauge('own.gauge');
  const histogram = meter.createHistogram('own.histogram');
  const observed = new Map<string, [number, Attributes]>();
  const levels = new Map<string, [number, Attributes]>();
  meter.createObservableCounter('own.observed').addCallback((result) => {
    for (const [value, labels] of observed.values()) result.observe(value, labels);
  });
  const level = meter.createObservableGauge('own.level');
  meter.addBatchObservableCallback(
    (result) => {
      for (const [value, labels] of levels.values()) result.observe(level, value, labels);
    },
    [level],
  );
  for (const part of parts) {
    for (const { kind, value, labels } of part) {
      const key = JSON.stringify(Object.entries(labels).sort());
      if (kind === 'counter') counter.add(value, labels);
      else if (kind === 'updown') updown.add(-value, labels);
      else if (kind === 'gauge') gauge.record(value, labels);
      else if (kind === 'histogram') histogram.record(value, labels);
      else if (kind === 'observed') observed.set(key, [(observed.get(key)?.[0] ?? 0) + value, labels]);
      else levels.set(key, [value, labels]);
    }
    await collect(exporter);
  }
  return exporter;
}

const own = (text: string) => text.split('\n').filter((line) => line.startsWith('own_'));

it('whatever was measured, and however often it is collected', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 4 }), async (parts) => {
      const waited = await measure(parts, (exporter) => exporter.collect());
      const atOnce = await measure(parts, (exporter) => exporter.metricsNow());
      expect(own(await atOnce.text())).toEqual(own(await waited.text()));
    }),
    { numRuns: 60 },
  );
});

it('but for what callbacks do not know at once: one that fails costs its own metric only', async () => {
  const { meter, exporter } = start();
  meter.createObservableCounter('own.good').addCallback((result) => result.observe(7));
  meter.createObservableGauge('own.failing').addCallback(() => {
    throw new Error('mine');
  });
  meter.createObservableGauge('own.rejecting').addCallback(async (result) => {
    result.observe(1);
    throw new Error('mine');
  });
  meter.createObservableGauge('own.waiting').addCallback(async (result) => {
    await new Promise(() => {});
    result.observe(1);
  });
  meter.createObservableGauge('own.text').addCallback((result) => result.observe('1' as unknown as number));
  const names = exporter.metricsNow().flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
  expect(names.filter((name) => name.startsWith('own.'))).toEqual(['own.good', 'own.rejecting']);
});

it('and nothing where the SDK has another inside, or where there is none', () => {
  const exporter = new Exporter({ preventServerStart: true });
  expect(exporter.metricsNow()).toEqual([]);
  exporter.setMetricProducer({ collect: () => Promise.reject(new Error('another')) });
  expect(exporter.metricsNow()).toEqual([]);
});

const sumOf = (text: string) => own(text).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
const sumNow = (exporter: InternalExporter) =>
  exporter
    .metricsNow()
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith('own'))
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => Number(value)))
    .reduce((sum, value) => sum + value, 0);

it('what a collection has taken that still waits for a callback of another meter, once', async () => {
  const exporter = new Exporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const answers: (() => void)[] = [];
  const gauge = provider.getMeter('other').createObservableGauge('other');
  gauge.addCallback(() => new Promise<void>((resolve) => answers.push(resolve)));
  provider.getMeter('own').createCounter('own').add(5);
  const collected = exporter.collect();
  await new Promise(setImmediate);
  expect(sumNow(exporter)).toBe(5);
  for (const answer of answers) answer();
  await collected;
  expect(sumNow(exporter)).toBe(5);
});

it.each([1, 2, 5])('what a collection has taken that is not in the table yet, after %s turns, once', async (turns) => {
  const { meter, exporter } = start();
  for (let i = 0; i < 200; i += 1) {
    const counter = meter.createCounter(`own.${i}`);
    for (let series = 0; series < 200; series += 1) counter.add(1, { series });
  }
  const collected = exporter.collect();
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
  expect(sumNow(exporter)).toBe(40_000);
  await collected;
  expect(sumOf(await exporter.text())).toBe(40_000);
});
