/** The telemetry of an execution, as far as it is known before the execution: span, counts, durations. */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { HistogramTable } from './histogram-table.ts';
import { STATUSES } from './semconv.ts';
import type { Series, SeriesTable } from './series-table.ts';

/** A histogram, and the attributes with which an execution records its duration. */
export interface DurationSeries {
  readonly table: HistogramTable;
  readonly labels: Attributes;
}

/** A counter by status and a histogram of durations. Every execution adds one to each. */
export interface ExecutionMetrics {
  readonly success: Series;
  readonly failure: Series;
  readonly duration: DurationSeries;
  /** The attributes of a failed execution's duration, if they differ from those of a success. */
  readonly labelsOfFailure?: ((error: unknown) => Attributes) | undefined;
}

export interface ExecutionTelemetry {
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** Attributes that the span has from its start, so that samplers see them. */
  readonly samplingAttributes: Attributes | undefined;
  /** Attributes that a span gets only when it is recorded. */
  readonly spanAttributes: Attributes;
  readonly metrics: readonly ExecutionMetrics[];
  /** The histogram of the time to a stream's first chunk; `undefined` if only the span shows it. */
  readonly firstChunk: DurationSeries | undefined;
}

/** Metrics that count executions in `executions`, by status, and record how long they take in `duration`. */
export function executionMetrics(
  executions: SeriesTable,
  labels: readonly string[],
  duration: DurationSeries,
): ExecutionMetrics {
  const [success, failure] = STATUSES;
  return { success: executions.series(...labels, success), failure: executions.series(...labels, failure), duration };
}
