import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ExecutionTelemetry } from './execution-telemetry.ts';
import type { Origin } from './propagate.ts';

/** What an observation must know of the context that the work runs in. */
export interface ObservedContext {
  readonly clock: { now(): number };
  /** What caused the run in another process, for the first span of the run; `undefined` on every later call. */
  consumeOrigin(): Origin | undefined;
  /** Ids and tags for the first span of the run; `undefined` on every later call. */
  consumeAttributes(): Attributes | undefined;
  /** Whether `error` is the result of the cancellation of this context. */
  cancelledBy(error: unknown): boolean;
  /** True for the first call with this error: its details go to the innermost span only. */
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
