/**
 * The one place where an execution is opened and closed: one span, one verdict, one count, one duration.
 *
 * With no SDK registered the span, the OpenTelemetry context and the clock are left out; counting goes on.
 */
import {
  type Attributes,
  type Context,
  context,
  type HrTime,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { timeOf } from './guard.ts';
import { currentMeter, lostSpans } from './instruments.ts';
import type { PrimitiveTelemetry } from './primitive-telemetry.ts';
import { linksOf, type Origin, parentOf } from './propagate.ts';
import { errorStack, errorText } from './redact.ts';
import { ATTR, type Outcome } from './semconv.ts';
import { isStream, ObservedStream, type StreamContext } from './stream.ts';
import { currentTracer } from './tracer.ts';
import { ownVerdict, VERDICT } from './verdict.ts';

export { ownVerdict, VERDICT };

/** What an execution must know of the context it runs in. */
export interface ObservedContext extends StreamContext {
  readonly clock: { now(): number };
  /** Where the run was caused, when that was in another process; for its first span, `undefined` ever after. */
  consumeOrigin(): Origin | undefined;
  /** Whether `error` is how this context's cancellation shows. */
  cancelledBy(error: unknown): boolean;
  /** Ids and tags for the first span of this context, `undefined` ever after. */
  consumeAttributes(): Attributes | undefined;
  /** True for the first caller with this error: its details go to the innermost span only. */
  isFirstToRecord(error: unknown): boolean;
}

/** One running execution. Opaque to primitives: they hand it to the verbs of `record`. */
export class Observation {
  readonly telemetry: PrimitiveTelemetry;
  /** `undefined` while no tracer is registered. */
  readonly span: Span | undefined;
  /** The OpenTelemetry context that the work runs in. */
  readonly context: Context;
  /** Milliseconds since the epoch; `NaN` while nothing is registered that could use it, or where the clock has none. */
  readonly startedAt: number;
  /** Whether the work has been called. */
  begun = false;

  constructor(telemetry: PrimitiveTelemetry, span: Span | undefined, otelContext: Context, startedAt: number) {
    this.telemetry = telemetry;
    this.span = span;
    this.context = otelContext;
    this.startedAt = startedAt;
  }
}

const NO_LINKS: Link[] = [];
const NO_ATTRIBUTES: Attributes = Object.freeze({});
/** Spans that never came to be, or never left, because something in telemetry itself threw. */
const spansBroken = lostSpans('instrumentation_error');

export type Body<In, Ctx, Out> = (input: In, context: Ctx, observation: Observation) => Out | PromiseLike<Out>;

/**
 * Runs `body` as one observed execution of `telemetry`. Settles as `body` does, with the very same value or error; a
 * stream is handed on in a wrapper, and the execution lasts until it ends.
 */
export async function observe<In, Ctx extends ObservedContext, Out>(
  telemetry: PrimitiveTelemetry,
  input: In,
  ctx: Ctx,
  body: Body<In, Ctx, Out>,
): Promise<Out> {
  const observation = open(telemetry, ctx);
  let output: Out;
  try {
    output =
      observation.span === undefined
        ? await body(input, ctx, observation)
        : await inSpan(observation, body, input, ctx);
  } catch (error) {
    const outcome = verdictOn(error, ctx);
    close(observation, ctx, outcome, error);
    throw error;
  }
  if (isStream(output)) {
    const onEnd = (error: unknown, failed: boolean) =>
      close(observation, ctx, failed ? verdictOn(error, ctx) : 'success', error);
    return new ObservedStream(output, observation, ctx, onEnd) as Out;
  }
  close(observation, ctx, 'success', undefined);
  return output;
}

/** Calls the work in the context of its span; where the context manager fails before that, without it. */
function inSpan<In, Ctx extends ObservedContext, Out>(
  observation: Observation,
  body: Body<In, Ctx, Out>,
  input: In,
  ctx: Ctx,
): Out | PromiseLike<Out> {
  try {
    return context.with(observation.context, begin<In, Ctx, Out>, undefined, observation, body, input, ctx);
  } catch (error) {
    if (observation.begun) throw error;
    return body(input, ctx, observation);
  }
}

function begin<In, Ctx extends ObservedContext, Out>(
  observation: Observation,
  body: Body<In, Ctx, Out>,
  input: In,
  ctx: Ctx,
): Out | PromiseLike<Out> {
  observation.begun = true;
  return body(input, ctx, observation);
}

function open(telemetry: PrimitiveTelemetry, ctx: ObservedContext): Observation {
  telemetry.active.value += 1;
  const tracer = currentTracer();
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
        kind: telemetry.spanKind,
        attributes: telemetry.samplingAttributes ?? NO_ATTRIBUTES,
        links: origin === undefined ? NO_LINKS : [...linksOf(active, origin)],
      };
      if (!Number.isNaN(startedAt)) options.startTime = hrTime(startedAt);
      const span = tracer.startSpan(telemetry.spanName, options, parent);
      const extra = ctx.consumeAttributes();
      if (span.isRecording()) {
        // After the start they cost a third of what they cost at it, and a span that is not sampled is spared them.
        span.setAttributes(telemetry.spanAttributes);
        if (extra !== undefined) span.setAttributes(extra);
      }
      return new Observation(telemetry, span, trace.setSpan(parent, span), startedAt);
    }
  } catch {
    spansBroken.value += 1;
  }
  return new Observation(telemetry, undefined, active, startedAt);
}

function close(observation: Observation, ctx: ObservedContext, outcome: Outcome, error: unknown): void {
  const { telemetry, span, startedAt } = observation;
  const status = outcome === 'success' ? 'success' : 'failure';
  telemetry.active.value -= 1;
  telemetry.outcomes[outcome].value += 1;
  for (const counts of telemetry.counts) counts[status].value += 1;
  if (span === undefined && Number.isNaN(startedAt)) return;
  try {
    const endedAt = timeOf(ctx.clock);
    const seconds = Math.max(0, endedAt - startedAt) / 1_000;
    for (const { duration, durationLabels } of telemetry.counts) {
      duration.record(seconds, durationLabels, observation.context);
    }
    if (span === undefined) return;
    try {
      if (outcome !== 'success') describeFailure(span, error, outcome, ctx);
    } finally {
      if (Number.isNaN(startedAt + endedAt)) span.end();
      else span.end(hrTime(endedAt));
    }
  } catch {
    spansBroken.value += 1;
  }
}

/** An error that says so itself, a cancelled context, or a plain failure. */
function verdictOn(error: unknown, ctx: ObservedContext): Outcome {
  if (ctx.cancelledBy(error)) return 'cancelled';
  return ownVerdict(error) ?? 'failure';
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

/** OpenTelemetry's pair of seconds and nanoseconds from milliseconds since the epoch. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)];
}
