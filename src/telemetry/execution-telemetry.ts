/** The telemetry of an execution, as far as it is known before the execution: span, counts, durations. */
import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { Measured } from './measured.ts';
import { OUTCOMES, type Outcome, STATUSES } from './semconv.ts';
import type { Series, SeriesTable } from './series-table.ts';

/** Where an execution records how long it took. */
export interface Durations {
  record(seconds: number, work: Measured): void;
}

/** A series for each way in which an execution may end. */
export type Outcomes = Readonly<Record<Outcome, Series>>;

/** Counters by status and by outcome, and a histogram of durations. Every execution adds one to each. */
export interface ExecutionMetrics {
  readonly success: Series;
  readonly failure: Series;
  readonly outcomes: Outcomes;
  readonly duration: Durations;
  /** Where a failed execution records its duration, if that is elsewhere. */
  readonly durationOfFailure?: ((error: unknown) => Durations) | undefined;
}

export interface ExecutionTelemetry {
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** Attributes that the span has from its start, so that samplers see them. */
  readonly samplingAttributes: Attributes | undefined;
  /** Attributes that a span gets only when it is recorded. */
  readonly spanAttributes: Attributes;
  readonly metrics: readonly ExecutionMetrics[];
  /** For a workflow: its name, and the other metrics, for executions that another process counts as workflows. */
  readonly workflow?: { readonly name: string; readonly otherMetrics: readonly ExecutionMetrics[] } | undefined;
  /** The histogram of the time to a stream's first chunk; `undefined` if only the span shows it. */
  readonly firstChunk: Durations | undefined;
}

/** Metrics that count executions in `executions`, by status, and record how long they take in `duration`. */
export function executionMetrics<D extends Durations>(
  executions: SeriesTable,
  labels: readonly string[],
  outcomes: Outcomes,
  duration: D,
): ExecutionMetrics & { readonly duration: D } {
  const [success, failure] = STATUSES;
  return {
    success: executions.series(...labels, success),
    failure: executions.series(...labels, failure),
    outcomes,
    duration,
  };
}

export function outcomesIn(table: SeriesTable, ...labels: readonly string[]): Outcomes {
  const series = OUTCOMES.map((outcome) => [outcome, table.series(...labels, outcome)]);
  return Object.fromEntries(series) as Record<Outcome, Series>;
}
