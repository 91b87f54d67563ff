/** The series of the table: one per metric and set of labels. They add up what the SDK reports since the last time. */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import type { Exemplar } from '../telemetry/exemplars.ts';
import type { Buckets } from './buckets.ts';

/**
 * A measurement of the SDK, from this process or from another one. `exemplars` are our own: the SDK has none.
 * Its `value` is what has been added since the last collection, or the current value of a gauge.
 */
export interface Point<T = number | Histogram> {
  readonly attributes: Attributes;
  readonly value: T;
  readonly exemplars?: readonly Exemplar[] | undefined;
}

/** Which process or thread a value comes from. This one is `SELF`. */
export type Source = string;
export const SELF: Source = '';

/** As the label `worker` has it: `0` for this process, `3` for the third of a cluster, `0.1` and `3.1` for their threads. */
export function nameOfSource(source: Source): string {
  return source === SELF || source.startsWith('.') ? `0${source}` : source;
}

/** What one instrument measures. */
export interface Stream {
  readonly scope: InstrumentationScope;
  readonly metric: Pick<MetricData, 'descriptor' | 'dataPointType'> & { readonly isMonotonic?: boolean };
  readonly startTime: HrTime;
  /** The labels of its scope, as text. */
  readonly scopeLabels: string;
  /** What its series have in their keys besides their labels: those of the scope, if it is not the metric's first. */
  readonly keyEnd: string;
  /** Whether a report has all of its series, so that a series that it does not have is not there any more. */
  readonly observable: boolean;
}

/** What all kinds of series have. */
interface SeriesBase {
  /** `a="1",b="2"`, escaped, without those of the scope. */
  labels: string;
  /** Those of the first measurement, in memory of their own. */
  readonly attributes: Attributes;
  /** Where the series is one source's own: that source, and the attributes without its name. */
  own?: { readonly source: Source; readonly attributes: Attributes };
  /** The instrument that it belongs to. */
  readonly stream: Stream;
  /** When its value changed last, in milliseconds of the monotonic clock. Observing a gauge is a change. */
  changedAt: number;
  /** The last report that it was in. */
  report: number;
  /** The source of that report; `undefined` when a later report of that source does not have it. */
  observer: Source | undefined;
}

export interface CounterSeries extends SeriesBase {
  value: number;
  exemplar?: Exemplar | undefined;
  /** By source: the last values of those that report sums, and not what has been added. */
  sums?: Map<Source, number> | undefined;
}

export interface GaugeSeries extends SeriesBase {
  /** By source: a process that ends takes its values along. */
  readonly values: Map<Source, number>;
  /** The sums that were not observed in the last report of their source. They go on from there. */
  hidden?: Map<Source, number> | undefined;
}

export interface HistogramSeries extends SeriesBase {
  readonly bounds: readonly number[];
  /** Per bucket, not cumulative. The last is above all bounds. */
  readonly counts: number[];
  /** `undefined` where measurements can be negative. */
  sum: number | undefined;
  count: number;
  /** By bucket. */
  exemplars?: Map<number, Exemplar> | undefined;
  /** By source: the last values of those that report sums, and not what has been added. */
  sums?: Map<Source, Buckets> | undefined;
}

export type Series = CounterSeries | GaugeSeries | HistogramSeries;
