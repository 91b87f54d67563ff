/** An observed call that is no execution of a primitive, such as a request that a client library makes. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { Durations, ExecutionMetrics } from './execution-telemetry.ts';
import { runIn, timeOf } from './guard.ts';
import { boundedAttributes, labelValue } from './label-sets.ts';
import { closeObservation, openObservation } from './lifecycle.ts';
import type { Observation, ObservedContext } from './observation.ts';
import { ATTR, type Outcome } from './semconv.ts';
import { verdictOn } from './verdict.ts';

/** The span of a call, and the metrics that are known when it begins. */
export interface CallTelemetry {
  readonly spanName: string;
  /** Whether the work is done in this process, and not by a server. @default false */
  readonly isInternal?: boolean | undefined;
  /** Attributes that the span has from its start, so that samplers see them. */
  readonly samplingAttributes: Attributes;
  readonly metrics?: readonly ExecutionMetrics[] | undefined;
  readonly firstChunk?: Durations | undefined;
}

/** What is known of the metrics at the end only, where their labels come from the reply. */
export interface CallEnd {
  readonly metrics?: readonly ExecutionMetrics[] | undefined;
  readonly firstChunk?: Durations | undefined;
  /** What `failed` counts as. @default by the error */
  readonly outcome?: Outcome | undefined;
  /** What the span has in place of the error, whose words may be private. @default the error */
  readonly shown?: unknown;
}

/** A call that runs. It ends with the first `succeeded` or `failed`; later ones do nothing. */
export interface ObservedCall {
  readonly observation: Observation;
  /** Runs `work` with the call's span as the active span. */
  run<Out>(work: () => Out): Out;
  /** The first chunk of the reply has come. Later ones do nothing. */
  firstChunk(): void;
  /** The call is over. How it ended is told later, and takes no more time. */
  stop(): void;
  succeeded(end?: CallEnd): void;
  failed(error: unknown, end?: CallEnd): void;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Begins a call: a span below the active span, in the run of `ctx`. `spans: false`: counts and durations only. */
export function observeCall(telemetry: CallTelemetry, ctx: ObservedContext, { spans = true } = {}): ObservedCall {
  const { metrics = [] } = telemetry;
  const observation = openObservation(
    {
      spanName: labelValue(telemetry.spanName),
      spanKind: telemetry.isInternal === true ? SpanKind.INTERNAL : SpanKind.CLIENT,
      samplingAttributes: boundedAttributes(telemetry.samplingAttributes),
      spanAttributes: NO_ATTRIBUTES,
      metrics,
      firstChunk: undefined,
    },
    ctx,
    spans,
  );
  let firstChunkSeconds: number | undefined;
  let endedAt: number | undefined;
  let ended = false;
  const end = (outcome: Outcome, error: unknown, given: CallEnd) => {
    if (ended) return;
    ended = true;
    const firstChunk = given.firstChunk ?? telemetry.firstChunk;
    if (firstChunkSeconds !== undefined) firstChunk?.record(firstChunkSeconds, observation);
    closeObservation(observation, ctx, outcome, error, given.metrics ?? metrics, endedAt);
  };
  return {
    observation,
    run: (work) => runIn(observation.context, work),
    firstChunk() {
      if (firstChunkSeconds !== undefined || Number.isNaN(observation.startedAt)) return;
      firstChunkSeconds = Math.max(0, timeOf(ctx.clock) - observation.startedAt) / 1_000;
      observation.span?.setAttribute(ATTR.streamFirstChunk, firstChunkSeconds);
    },
    stop() {
      if (!Number.isNaN(observation.startedAt)) endedAt ??= timeOf(ctx.clock);
    },
    succeeded: (given = {}) => end('success', undefined, given),
    failed: (error, given = {}) => end(given.outcome ?? verdictOn(error, ctx), given.shown ?? error, given),
  };
}
