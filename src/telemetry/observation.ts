import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ReadableClock } from '../platform/clock.ts';
import type { ExecutionTelemetry } from './execution-telemetry.ts';
import { ObservedSpan } from './observed-span.ts';
import type { Origin } from './propagate.ts';
import type { Cancellation, Outcome } from './semconv.ts';

/** Takes the workflows of a job that another process has asked for: that process counts them. */
export interface WorkflowSink {
  /** Executions of a workflow have ended, which took so many seconds each; `NaN` where no clock was read. */
  ended(workflowName: string, outcome: Outcome, seconds: number, times?: number): void;
}

/** The part of the work's context that an observation needs. */
export interface ObservedContext {
  /** Takes workflows in place of their metrics. Asked only where a workflow ends. */
  readonly workflowSink?: WorkflowSink | undefined;
  readonly clock: ReadableClock;
  /** The remote spans that caused the run, for its first span; `undefined` on every later call. */
  consumeOrigin(): Origin | undefined;
  /** Ids and tags for the first span of the run; `undefined` on every later call. */
  consumeAttributes(): Attributes | undefined;
  /** The outcome of work that ends with `error` because this context was cancelled; `undefined` if that is not its cause. */
  cancelledAs(error: unknown): Cancellation | undefined;
  /** True for the first call with this error: its details go to the innermost span only. */
  isFirstToRecord(error: unknown): boolean;
}

/** One running execution. Primitives only pass it to the methods of their recorder. */
export class Observation {
  readonly telemetry: ExecutionTelemetry;
  /** The span itself, for those who begin and end it; `undefined` while no tracer is registered. */
  readonly source: Span | undefined;
  /** The OpenTelemetry context that the work runs in. */
  readonly context: Context;
  /** The time of the clock in milliseconds; `NaN` if no SDK is registered, or if the clock has no valid time. */
  readonly startedAt: number;
  /** The same moment as milliseconds since the epoch; `NaN` without a span. */
  readonly startDate: number;
  /** Whether the work has been called. */
  begun = false;

  constructor(
    telemetry: ExecutionTelemetry,
    source: Span | undefined,
    otelContext: Context,
    startedAt: number,
    startDate = Number.NaN,
  ) {
    this.telemetry = telemetry;
    this.source = source;
    this.context = otelContext;
    this.startedAt = startedAt;
    this.startDate = startDate;
  }
  /** The span for recorders. Made when it is asked for: most executions record nothing. */
  get span(): ObservedSpan | undefined {
    return this.source === undefined ? undefined : new ObservedSpan(this.source);
  }
}
