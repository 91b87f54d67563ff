/** A call that is observed and is no primitive's execution, such as a request that a client library makes by itself. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { ExecutionTelemetry } from './execution-telemetry.ts';
import { runIn } from './guard.ts';
import { boundedAttributes, labelValue } from './label-sets.ts';
import { closeObservation, openObservation } from './lifecycle.ts';
import type { Observation, ObservedContext } from './observation.ts';
import { verdictOn } from './verdict.ts';

/** The call's span and the counts and durations that it enters. */
export interface CallTelemetry extends Pick<ExecutionTelemetry, 'metrics' | 'firstChunk'> {
  readonly spanName: string;
  /** Attributes that the span has from its first moment, so that samplers see them. */
  readonly samplingAttributes: Attributes;
}

/** A call under way. It ends once, with `succeeded` or `failed`; what comes after that changes nothing. */
export interface ObservedCall {
  readonly observation: Observation;
  /** Runs `work` where the call's span is the active one. */
  run<Out>(work: () => Out): Out;
  succeeded(): void;
  failed(error: unknown): void;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Begins a call: a CLIENT span below the active one, in the run of `ctx`. */
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
