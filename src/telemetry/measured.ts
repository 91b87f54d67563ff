import type { Context, Span } from '@opentelemetry/api';

/** The work that a value was measured on, as an `Observation` has it. */
export interface Measured {
  /** The OpenTelemetry context that the work runs in. */
  readonly context: Context;
  /** Its span; `undefined` while no tracer is registered. */
  readonly source: Span | undefined;
}
