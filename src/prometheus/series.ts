/** The series of the table: one per metric and set of labels. They add up what the SDK reports since the last time. */
import type { Attributes } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';

/** An execution that a value comes from. */
export interface Exemplar {
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

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

/** What all kinds of series have. */
interface SeriesBase {
  /** `a="1",b="2"`, escaped. */
  readonly labels: string;
  readonly attributes: Attributes;
  /** When its value changed last, in milliseconds of the monotonic clock. */
  changedAt: number;
}

export interface CounterSeries extends SeriesBase {
  value: number;
  exemplar?: Exemplar | undefined;
}

export interface GaugeSeries extends SeriesBase {
  /** By source: a process that ends takes its values along. */
  readonly values: Map<Source, number>;
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
}

export type Series = CounterSeries | GaugeSeries | HistogramSeries;
