/** One metric of the scrape, with the series of all instruments that have its name. */
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Combine } from '../../views/row.ts';
import type { CounterSeries, GaugeSeries, HistogramSeries, Series, Stream } from './series.ts';

export type FamilyType = 'counter' | 'gauge' | 'histogram';

interface FamilyOf<T extends FamilyType, S extends Series> {
  readonly name: string;
  readonly type: T;
  help: string;
  readonly unit: string;
  /** That of its first instrument. */
  readonly scope: InstrumentationScope;
  /** How the values that several sources have of one gauge become one. */
  readonly combine: Combine;
  /** Whether each source has series of its own, with its name as a label, which end with it. */
  readonly perWorker: boolean;
  /** Of its first histogram. */
  readonly bounds: readonly number[] | undefined;
  /** By their labels, see `labelKey`, and those of their scope, see `keyEnd`. */
  readonly series: Map<string, S>;
  /** The series that has what is above the limits. */
  other: S | undefined;
}

type CounterFamily = FamilyOf<'counter', CounterSeries>;
type GaugeFamily = FamilyOf<'gauge', GaugeSeries>;
type HistogramFamily = FamilyOf<'histogram', HistogramSeries>;
export type Family = CounterFamily | GaugeFamily | HistogramFamily;

/** The names of its lines in the scrape. */
export function sampleNames(name: string, type: FamilyType): readonly string[] {
  return type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** How many lines of the scrape a series is. */
export function samplesOf(bounds: readonly number[] | undefined): number {
  // One line per bound, and those of +Inf, the sum and the count.
  return bounds === undefined ? 1 : bounds.length + 3;
}

export function createSeries(
  type: FamilyType,
  stream: Stream,
  labels: string,
  attributes: Attributes,
  bounds: readonly number[] = [],
): Series {
  const changedAt = 0;
  const report = 0;
  const observer = undefined;
  // One literal per type: with a spread, an object takes twice the memory.
  if (type === 'counter') return { labels, attributes, stream, changedAt, report, observer, value: 0 };
  if (type === 'gauge') return { labels, attributes, stream, changedAt, report, observer, values: new Map() };
  const counts = new Array<number>(bounds.length + 1).fill(0);
  return { labels, attributes, stream, changedAt, report, observer, bounds, counts, sum: 0, count: 0 };
}
