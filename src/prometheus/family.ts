/** One metric of the scrape, with the series of all instruments that have its name. */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { CounterSeries, GaugeSeries, HistogramSeries, Series } from './series.ts';

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** What one instrument measures. */
export interface Stream {
  readonly scope: InstrumentationScope;
  readonly metric: Pick<MetricData, 'descriptor' | 'dataPointType'> & { readonly isMonotonic?: boolean };
  readonly startTime: HrTime;
  readonly series: Set<Series>;
}

interface FamilyOf<T extends FamilyType, S extends Series> {
  readonly name: string;
  readonly type: T;
  readonly help: string;
  readonly unit: string;
  readonly streams: Stream[];
  /** By their labels as text. */
  readonly series: Map<string, S>;
}

export type CounterFamily = FamilyOf<'counter', CounterSeries>;
export type GaugeFamily = FamilyOf<'gauge', GaugeSeries>;
export type HistogramFamily = FamilyOf<'histogram', HistogramSeries>;
export type Family = CounterFamily | GaugeFamily | HistogramFamily;

/** How many lines of the scrape a series is. */
export function samplesOf(series: Series): number {
  // One line per bound, and those of +Inf, the sum and the count.
  return 'bounds' in series ? series.bounds.length + 3 : 1;
}

export function createSeries(
  type: FamilyType,
  labels: string,
  attributes: Attributes,
  bounds: readonly number[],
  changedAt: number,
): Series {
  const base = { labels, attributes, changedAt };
  if (type === 'counter') return { ...base, value: 0 };
  if (type === 'gauge') return { ...base, values: new Map() };
  return { ...base, bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0, count: 0 };
}
