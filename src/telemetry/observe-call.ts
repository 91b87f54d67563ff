/** An observed call that is no execution of a primitive, such as a request that a client library makes. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { ExecutionTelemetry } from './execution-telemetry.ts';
import { runIn } from './guard.ts';
import { boundedAttributes, labelValue } from './label-sets.ts';
import { closeObservation, openObservation } from './lifecycle.ts';
import type { Observation, ObservedContext } from './observation.ts';
import { verdictOn } from './verdict.ts';

/** The span, the counts and the durations of a call. */
export interface CallTelemetry extends Pick<ExecutionTelemetry, 'metrics' | 'firstChunk'> {
  readonly spanName: string;
  /** Attributes that the span has from its start, so that samplers see them. */
  readonly samplingAttributes: Attributes;
}

/** A call that runs. It ends with the first `succeeded` or `failed`; later ones do nothing. */
export interface ObservedCall {
  readonly observation: Observation;
  /** Runs `work` with the call's span as the active span. */
  run<Out>(work: () => Out): Out;
  succeeded(): void;
  failed(error: unknown): void;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Begins a call: a CLIENT span below the active span, in the run of `ctx`. */
export function observeCall(telemetry: CallTelemetry, ctx: ObservedContext): ObservedCall {
  const observation = openObservation(
    {
      spanName: labelValue(telemetry.spanName),
      spanKind: SpanKind.CLIENT,
      samplingAttributes: boundedAttributes(telemetry.samplingAttributes),
      spanAttributes: NO_ATTRIBUTES,
      metrics: telemetry.metrics,
      firstChunk: telemetry.firstChunk,
    },
    ctx,
  );
  let ended = false;
  const end = (error?: unknown, failed = false) => {
    if (ended) return;
    ended = true;
    closeObservation(observation, ctx, failed ? verdictOn(error, ctx) : 'success', error);
  };
  return {
    observation,
    run: (work) => runIn(observation.context, work),
    succeeded: () => end(),
    failed: (error) => end(error, true),
  };
}
