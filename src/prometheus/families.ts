/**
 * The table of the scrape: what the SDK has reported since the last time is added to what was there. So the number of
 * series has a limit, which the SDK's own memory of a pull reader has not.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Histogram, MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { createSeries, type Family, type FamilyType, type Stream, samplesOf } from './family.ts';
import { labelText, metricName } from './names.ts';
import type { CounterSeries, GaugeSeries, HistogramSeries, Point, Series, Source } from './series.ts';
import type { Tell } from './tell.ts';

/** Values of enumerations of the SDK, which this file does not load. */
const DATA_POINT = { histogram: 0, exponentialHistogram: 1, gauge: 2, sum: 3 } as const;
const CUMULATIVE = 1;

export interface FamiliesOptions {
  readonly prefix: string;
  readonly maxSeriesPerMetric: number;
  readonly maxSamples: number;
  readonly tell: Tell;
}

export class Families implements Iterable<Family> {
  readonly #families = new Map<string, Family>();
  readonly #options: FamiliesOptions;
  #samples = 0;

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  /** How many lines of the scrape the series are. */
  get samples(): number {
    return this.#samples;
  }

  /** Adds what `source` has measured since its last report. Never throws. */
  add(source: Source, scopes: readonly ScopeMetrics[]): void {
    const now = systemClock.now();
    for (const { scope, metrics } of scopes) for (const metric of metrics) this.#addMetric(source, scope, metric, now);
  }

  /** Removes the gauges of a process that has ended. What it has counted stays. */
  remove(source: Source): void {
    for (const family of this.#families.values()) {
      if (family.type !== 'gauge') continue;
      for (const series of family.series.values()) series.values.delete(source);
    }
  }

  [Symbol.iterator](): Iterator<Family> {
    return this.#families.values();
  }

  #addMetric(source: Source, scope: InstrumentationScope, metric: MetricData, now: number): void {
    const family = this.#familyOf(metric);
    if (family === undefined) return;
    const stream = streamOf(family, scope, metric);
    const cumulative = (metric.aggregationTemporality as number) === CUMULATIVE;
    for (const point of metric.dataPoints as readonly Point[]) {
      const bounds = family.type === 'histogram' ? (point.value as Histogram).buckets.boundaries : [];
      const series = this.#seriesOf(family, stream, point.attributes, bounds, now);
      if (series !== undefined)
        addPoint(series, source, point, cumulative || metric.dataPointType === DATA_POINT.gauge, now);
    }
  }

  #familyOf(metric: MetricData): Family | undefined {
    const { descriptor } = metric;
    const type = typeOf(metric);
    const base = metricName(descriptor.name, this.#options.prefix);
    if (base === undefined || type === undefined) return undefined;
    const name = type === 'counter' && !base.endsWith('_total') ? `${base}_total` : base;
    let family = this.#families.get(name);
    if (family === undefined) {
      family = {
        name,
        type,
        help: descriptor.description,
        unit: descriptor.unit,
        streams: [],
        series: new Map(),
      } as Family;
      this.#families.set(name, family);
    }
    return family.type === type ? family : undefined;
  }

  #seriesOf(
    family: Family,
    stream: Stream,
    attributes: Attributes,
    bounds: readonly number[],
    now: number,
  ): Series | undefined {
    const labels = labelText(attributes);
    const known = family.series.get(labels);
    if (known !== undefined) return known;
    const made = createSeries(family.type, labels, attributes, bounds, now);
    const samples = samplesOf(made);
    if (family.series.size >= this.#options.maxSeriesPerMetric) return undefined;
    if (this.#samples + samples > this.#options.maxSamples) return undefined;
    this.#samples += samples;
    stream.series.add(made);
    (family.series as Map<string, Series>).set(labels, made);
    return made;
  }
}

function streamOf(family: Family, scope: InstrumentationScope, metric: MetricData): Stream {
  const known = family.streams.find(
    (stream) => isDeepStrictEqual(stream.scope, scope) && stream.metric.descriptor.name === metric.descriptor.name,
  );
  if (known !== undefined) return known;
  const { descriptor, dataPointType } = metric;
  const made: Stream = {
    scope,
    metric: { descriptor, dataPointType, ...('isMonotonic' in metric ? { isMonotonic: metric.isMonotonic } : {}) },
    startTime: metric.dataPoints[0]?.startTime ?? [0, 0],
    series: new Set(),
  };
  family.streams.push(made);
  return made;
}

function typeOf(metric: MetricData): FamilyType | undefined {
  if (metric.dataPointType === DATA_POINT.histogram) return 'histogram';
  if (metric.dataPointType === DATA_POINT.gauge) return 'gauge';
  if (metric.dataPointType !== DATA_POINT.sum) return undefined;
  return metric.isMonotonic ? 'counter' : 'gauge';
}

/** @param replace whether the value is the whole one, and not what has been added to it */
function addPoint(series: Series, source: Source, { value, exemplars }: Point, replace: boolean, now: number): void {
  if ('values' in series) addToGauge(series, source, value as number, replace, now);
  else if ('bounds' in series) addToHistogram(series, value as Histogram, replace, now);
  else addToCounter(series, value as number, replace, now);
  for (const exemplar of exemplars ?? []) {
    if ('bounds' in series) {
      series.exemplars ??= new Map();
      const bucket = series.bounds.findIndex((bound) => exemplar.value <= bound);
      series.exemplars.set(bucket < 0 ? series.bounds.length : bucket, exemplar);
    } else if (!('values' in series)) series.exemplar = exemplar;
  }
}

function addToCounter(series: CounterSeries, value: number, replace: boolean, now: number): void {
  if (value !== 0) series.changedAt = now;
  series.value = replace ? value : series.value + value;
}

function addToGauge(series: GaugeSeries, source: Source, value: number, replace: boolean, now: number): void {
  const before = series.values.get(source);
  const after = replace ? value : (before ?? 0) + value;
  if (after !== before) series.changedAt = now;
  series.values.set(source, after);
}

function addToHistogram(
  series: HistogramSeries,
  { buckets, sum, count }: Histogram,
  replace: boolean,
  now: number,
): void {
  if (count !== 0) series.changedAt = now;
  for (const [i, added] of buckets.counts.entries()) {
    series.counts[i] = replace ? added : (series.counts[i] ?? 0) + added;
  }
  series.sum = sum === undefined || series.sum === undefined ? undefined : replace ? sum : series.sum + sum;
  series.count = replace ? count : series.count + count;
}
