import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ExecutionTelemetry } from './execution-telemetry.ts';
import type { Origin } from './propagate.ts';

/** What an observation must know of the context that the work runs in. */
export interface ObservedContext {
  readonly clock: { now(): number };
  /** Where the run was caused, when that was in another process; for its first span, `undefined` ever after. */
  consumeOrigin(): Origin | undefined;
  /** Ids and tags for the first span of this context, `undefined` ever after. */
  consumeAttributes(): Attributes | undefined;
  /** Whether `error` is how this context's cancellation shows. */
  cancelledBy(error: unknown): boolean;
  /** True for the first caller with this error: its details go to the innermost span only. */
  isFirstToRecord(error: unknown): boolean;
}

/** One running execution. Opaque to primitives: they hand it to the verbs of `record`. */
export class Observation {
  readonly telemetry: ExecutionTelemetry;
  /** `undefined` while no tracer is registered. */
  readonly span: Span | undefined;
  /** The OpenTelemetry context that the work runs in. */
  readonly context: Context;
  /** Milliseconds since the epoch; `NaN` while nothing is registered that could use it, or where the clock has none. */
  readonly startedAt: number;
  /** Whether the work has been called. */
  begun = false;

  constructor(telemetry: ExecutionTelemetry, span: Span | undefined, otelContext: Context, startedAt: number) {
    this.telemetry = telemetry;
    this.span = span;
    this.context = otelContext;
    this.startedAt = startedAt;
  }
}
