import type { InstrumentName } from '../src/telemetry/semconv.ts';

/** `own`: that of the process which serves the metrics. */
export type Combine = 'sum' | 'largest' | 'least' | 'own';

/** One metric of the schema: its instrument, its Prometheus name and labels, and its meaning. */
export interface Row {
  readonly instrument: InstrumentName;
  /** The name at the endpoint. */
  readonly metric: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The attributes that become labels, and the names of these labels. All other attributes are removed. */
  readonly labels: Readonly<Record<string, string>>;
  /** The upper bounds of the buckets of a histogram, in the unit of the metric. */
  readonly bounds?: readonly number[];
  /** How the values of several processes and threads become one, if this is a gauge. @default `sum` of up-down counters */
  readonly combine?: Combine;
  /** Markdown. The HELP line of the endpoint and the table of the documentation are made from it. */
  readonly meaning: string;
}
