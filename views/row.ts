import type { InstrumentName } from '../src/telemetry/semconv.ts';

/** One metric of the schema: where it comes from, how Prometheus shows it, and what it means. */
export interface Row {
  readonly instrument: InstrumentName;
  /** The name at the endpoint. */
  readonly metric: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The only attributes that become labels, and the labels they become. */
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bounds of a histogram's buckets, in the metric's unit. */
  readonly bounds?: readonly number[];
  /** Markdown. It is the metric's only description: its HELP at the endpoint and its line in the documentation. */
  readonly meaning: string;
}
