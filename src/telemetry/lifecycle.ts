/**
 * How an observation begins and ends: one span, one status, and in each of its metrics one count by status, one by outcome
 * and one duration.
 */
import {
  type Attributes,
  context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { errorStack, errorText } from './error-text.ts';
import type { ExecutionMetrics, ExecutionTelemetry } from './execution-telemetry.ts';
import { reportInternal, safeDateOf, timeOf } from './guard.ts';
import { lostSpans } from './lost-spans.ts';
import { currentMeter } from './meter.ts';
import { Observation, type ObservedContext } from './observation.ts';
import { linksOf, type Origin, parentOf } from './propagate.ts';
import { ATTR, type Outcome } from './semconv.ts';
import { currentTracer } from './tracer.ts';

const NO_LINKS: Link[] = [];
const NO_ATTRIBUTES: Attributes = Object.freeze({});
/** Spans that were not made or not ended, because code of telemetry threw an error. */
const spansBroken = lostSpans('instrumentation_error');

/**
 * Begins an observation. Without an SDK it has no span and no context, and does not read the clock. `spans: false`: counts
 * and durations only.
 */
export function openObservation(telemetry: ExecutionTelemetry, ctx: ObservedContext, spans = true): Observation {
  const tracer = spans ? currentTracer() : undefined;
  if (currentMeter() === undefined && tracer === undefined) {
    return new Observation(telemetry, undefined, ROOT_CONTEXT, Number.NaN);
  }
  const startedAt = timeOf(ctx.clock);
  let active = ROOT_CONTEXT;
  try {
    active = context.active();
    if (tracer !== undefined) {
      const origin = ctx.consumeOrigin();
      const parent = origin === undefined ? active : parentOf(active, origin);
      const options: SpanOptions = {
        kind: kindOf(telemetry, origin),
        attributes: telemetry.samplingAttributes ?? NO_ATTRIBUTES,
        links: origin === undefined ? NO_LINKS : [...linksOf(active, origin)],
      };
      const startDate = Number.isNaN(startedAt) ? startedAt : safeDateOf(ctx.clock);
      if (!Number.isNaN(startDate)) options.startTime = hrTime(startDate);
      const span = tracer.startSpan(telemetry.spanName, options, parent);
      const extra = ctx.consumeAttributes();
      // After the start they cost a third of their cost at the start, and nothing if the span is not sampled.
      describe(span, telemetry.spanAttributes, extra);
      return new Observation(telemetry, span, trace.setSpan(parent, span), startedAt, startDate);
    }
  } catch {
    spansBroken.value += 1;
  }
  return new Observation(telemetry, undefined, active, startedAt);
}

/** The first span of a job consumes a message, unless it has a kind of its own, as a model call has. */
function kindOf({ spanKind }: ExecutionTelemetry, origin: Origin | undefined): SpanKind {
  return origin?.by === 'queue' && spanKind === SpanKind.INTERNAL ? SpanKind.CONSUMER : spanKind;
}

/** A span that takes no attributes is still a span. */
function describe(span: Span, attributes: Attributes, extra: Attributes | undefined): void {
  try {
    if (!span.isRecording()) return;
    span.setAttributes(attributes);
    if (extra !== undefined) span.setAttributes(extra);
  } catch (error) {
    reportInternal('a span takes no attributes', error);
  }
}

/**
 * Ends an observation. `error` is the error of the work; it is ignored when the outcome is `success`. `endedAt`: the time of
 * the clock at the end, where it is in the past.
 */
export function closeObservation(
  observation: Observation,
  ctx: ObservedContext,
  outcome: Outcome,
  error: unknown,
  given?: readonly ExecutionMetrics[],
  endedAt?: number,
): void {
  const { source: span, startedAt, startDate, telemetry } = observation;
  const { workflow } = telemetry;
  const sink = workflow && ctx.workflowSink;
  const metrics = given ?? (workflow === undefined || sink === undefined ? telemetry.metrics : workflow.otherMetrics);
  const succeeded = outcome === 'success';
  for (const { success, failure, outcomes } of metrics) {
    (succeeded ? success : failure).value += 1;
    outcomes[outcome].value += 1;
  }
  if (span === undefined && Number.isNaN(startedAt)) {
    if (workflow !== undefined) sink?.ended(workflow.name, outcome, Number.NaN);
    return;
  }
  try {
    const tookMs = Math.max(0, (endedAt ?? timeOf(ctx.clock)) - startedAt);
    if (workflow !== undefined) sink?.ended(workflow.name, outcome, tookMs / 1_000);
    for (const { duration, durationOfFailure } of metrics) {
      const series = succeeded || durationOfFailure === undefined ? duration : durationOfFailure(error);
      series.record(tookMs / 1_000, observation);
    }
    if (span === undefined) return;
    try {
      if (!succeeded) describeFailure(span, error, outcome, ctx);
    } finally {
      if (Number.isNaN(startDate + tookMs)) span.end();
      else span.end(hrTime(startDate + tookMs));
    }
  } catch {
    spansBroken.value += 1;
  }
}

function describeFailure(span: Span, error: unknown, outcome: Outcome, ctx: ObservedContext): void {
  if (!span.isRecording()) return;
  const { type, message } = errorText(error);
  span.setAttribute(ATTR.outcome, outcome);
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  if (!ctx.isFirstToRecord(error)) return;
  const stack = errorStack(error, type, message);
  span.recordException({ name: type, message, ...(stack === undefined ? {} : { stack }) });
}

/** Converts milliseconds since the epoch to OpenTelemetry's pair of seconds and nanoseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)];
}
