/** The telemetry of an execution that is known before it runs: its span, its counts, its durations. */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { HistogramTable, Series, SeriesTable } from './instruments.ts';
import { STATUSES } from './semconv.ts';

/** A histogram with the attributes that one execution records under. */
export interface DurationSeries {
  readonly table: HistogramTable;
  readonly labels: Attributes;
}

/** A counter by status and a histogram of durations. Every execution adds one to each. */
export interface ExecutionMetrics {
  readonly success: Series;
  readonly failure: Series;
  readonly duration: DurationSeries;
  /** The attributes of a failed execution's duration, where they are not those of a success. */
  readonly labelsOfFailure?: ((error: unknown) => Attributes) | undefined;
}

export interface ExecutionTelemetry {
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** Attributes that the span has from its first moment, so that samplers see them. */
  readonly samplingAttributes: Attributes | undefined;
  /** Attributes that a span gets only when it is recorded. */
  readonly spanAttributes: Attributes;
  readonly metrics: readonly ExecutionMetrics[];
  /** Where the time to the first chunk of a stream is recorded; `undefined` where only the span shows it. */
  readonly firstChunk: DurationSeries | undefined;
}

/** The metrics of executions that count in `executions` by status and last as `duration` says. */
export function executionMetrics(
  executions: SeriesTable,
  labels: readonly string[],
  duration: DurationSeries,
): ExecutionMetrics {
  const [success, failure] = STATUSES;
  return { success: executions.series(...labels, success), failure: executions.series(...labels, failure), duration };
}
