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
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { CounterTable, currentMeter, HistogramTable, lostSpans, type Series } from './instruments.ts';
import { errorText, redact } from './redact.ts';
import { ATTR, INSTRUMENT, OUTCOMES, type Outcome, SCOPE, STATUSES } from './semconv.ts';

/** An error that carries its own verdict does so under this key. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;

/** What an execution must know of the context it runs in. */
export interface ObservedContext {
  readonly clock: { now(): number };
  /** Whether `error` is how this context's cancellation shows. */
  cancelledBy(error: unknown): boolean;
  /** Ids and tags for the first span of this context, `undefined` ever after. */
  takeAttributes(): Attributes | undefined;
  /** True for the first caller with this error: its details go to the innermost span only. */
  claimError(error: unknown): boolean;
}

const workflowExecutions = new CounterTable(
  INSTRUMENT.workflowExecutions,
  'counter',
  { description: 'Finished workflow executions', unit: '{execution}' },
  [ATTR.workflowName, ATTR.status],
);
const primitiveExecutions = new CounterTable(
  INSTRUMENT.primitiveExecutions,
  'counter',
  { description: 'Finished primitive executions', unit: '{execution}' },
  [ATTR.primitiveType, ATTR.primitiveName, ATTR.status],
);
const primitiveOutcomes = new CounterTable(
  INSTRUMENT.primitiveOutcomes,
  'counter',
  { description: 'Finished primitive executions by outcome', unit: '{execution}' },
  [ATTR.primitiveType, ATTR.outcome],
);
const primitiveActive = new CounterTable(
  INSTRUMENT.primitiveActive,
  'upDownCounter',
  { description: 'Primitive executions in flight', unit: '{execution}' },
  [ATTR.primitiveType],
);
const primitiveDuration = new HistogramTable(
  INSTRUMENT.primitiveDuration,
  { description: 'Wall time of a primitive execution, successful or not', unit: 's' },
  [ATTR.primitiveType],
);
const workflowDuration = new HistogramTable(
  INSTRUMENT.workflowDuration,
  { description: 'Wall time of a workflow execution, successful or not', unit: 's' },
  [ATTR.workflowName],
);

const llmRequests = new CounterTable(
  INSTRUMENT.llmRequests,
  'counter',
  { description: 'Finished calls to a model', unit: '{request}' },
  [ATTR.genAiRequestModel, ATTR.genAiProvider, ATTR.status],
);
const llmRequestDuration = new HistogramTable(
  INSTRUMENT.llmRequestDuration,
  { description: 'Wall time of a call to a model', unit: 's' },
  [ATTR.genAiRequestModel, ATTR.genAiProvider],
);
const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** A status counter and a duration histogram that every execution of a subject enters once. */
interface Counts {
  readonly success: Series;
  readonly failure: Series;
  readonly duration: HistogramTable;
  readonly durationLabels: Attributes;
}

/** What is observed: everything about a primitive's telemetry that is known when it is built. */
export interface Subject {
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** What a sampler may want to see. */
  readonly samplingAttributes: Attributes | undefined;
  readonly spanAttributes: Attributes;
  readonly counts: readonly Counts[];
  readonly outcomes: Readonly<Record<Outcome, Series>>;
  readonly active: Series;
}

export interface SubjectOptions {
  readonly type: string;
  readonly name: string;
  /** Whether executions also count as workflow executions. */
  readonly workflow: boolean;
  /** The span's name where it is not `type name`. */
  readonly spanName?: string | undefined;
  /** Model and provider, where the execution is a call to a model. */
  readonly model?: readonly [model: string, provider: string] | undefined;
  /** Attributes that the span has from its first moment, so that samplers see them. */
  readonly samplingAttributes?: Attributes | undefined;
}

/** Builds a subject; its series stand at 0 from now on. */
export function subjectOf({ type, name, workflow, spanName, model, samplingAttributes }: SubjectOptions): Subject {
  const subject: Subject = {
    spanName: spanName ?? `${type} ${name}`,
    spanKind: model === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT,
    samplingAttributes: samplingAttributes && Object.freeze({ ...samplingAttributes }),
    spanAttributes: Object.freeze({ [ATTR.primitiveType]: type, [ATTR.primitiveName]: name }),
    counts: [
      countsOf(primitiveExecutions, [type, name], primitiveDuration, [type]),
      ...(workflow ? [countsOf(workflowExecutions, [name], workflowDuration, [name])] : []),
      ...(model === undefined ? [] : [countsOf(llmRequests, model, llmRequestDuration, model)]),
    ],
    outcomes: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, primitiveOutcomes.series(type, outcome)]),
    ) as Record<Outcome, Series>,
    active: primitiveActive.series(type),
  };
  currentMeter();
  return subject;
}

function countsOf(
  executions: CounterTable,
  labels: readonly string[],
  duration: HistogramTable,
  durationLabels: readonly string[],
): Counts {
  const [success, failure] = STATUSES;
  return {
    success: executions.series(...labels, success),
    failure: executions.series(...labels, failure),
    duration,
    durationLabels: duration.labels(...durationLabels),
  };
}

/** One running execution. Opaque to primitives: they hand it to the verbs of `record`. */
export class Observation {
  readonly subject: Subject;
  /** `undefined` while no tracer is registered. */
  readonly span: Span | undefined;
  /** The OpenTelemetry context that the work runs in. */
  readonly context: Context;
  /** Milliseconds since the epoch; 0 while nothing is registered that could use it. */
  readonly startedAt: number;

  constructor(subject: Subject, span: Span | undefined, otelContext: Context, startedAt: number) {
    this.subject = subject;
    this.span = span;
    this.context = otelContext;
    this.startedAt = startedAt;
  }
}

/** Spans that never came to be, or never left, because something in telemetry itself threw. */
const spansBroken = lostSpans('instrumentation_error');

export type Body<In, Ctx, Out> = (input: In, context: Ctx, observation: Observation) => Out | PromiseLike<Out>;

/** Runs `body` as one observed execution of `subject`. Settles as `body` does, with the very same value or error. */
export async function observe<In, Ctx extends ObservedContext, Out>(
  subject: Subject,
  input: In,
  ctx: Ctx,
  body: Body<In, Ctx, Out>,
): Promise<Out> {
  const observation = open(subject, ctx);
  let output: Out;
  try {
    output =
      observation.span === undefined
        ? await body(input, ctx, observation)
        : await context.with(observation.context, body, undefined, input, ctx, observation);
  } catch (error) {
    const outcome = verdictOn(error, ctx);
    close(observation, ctx, outcome, error);
    throw error;
  }
  close(observation, ctx, 'success', undefined);
  return output;
}

function open(subject: Subject, ctx: ObservedContext): Observation {
  subject.active.value += 1;
  const tracer = currentTracer();
  if (currentMeter() === undefined && tracer === undefined) return new Observation(subject, undefined, ROOT_CONTEXT, 0);
  const startedAt = ctx.clock.now();
  const parent = context.active();
  try {
    if (tracer !== undefined) {
      const span = tracer.startSpan(
        subject.spanName,
        {
          kind: subject.spanKind,
          attributes: subject.samplingAttributes ?? NO_ATTRIBUTES,
          startTime: hrTime(startedAt),
        },
        parent,
      );
      const extra = ctx.takeAttributes();
      if (span.isRecording()) {
        // After the start they cost a third of what they cost at it, and a span that is not sampled is spared them.
        span.setAttributes(subject.spanAttributes);
        if (extra !== undefined) span.setAttributes(extra);
      }
      return new Observation(subject, span, trace.setSpan(parent, span), startedAt);
    }
  } catch {
    spansBroken.value += 1;
  }
  return new Observation(subject, undefined, parent, startedAt);
}

function close(observation: Observation, ctx: ObservedContext, outcome: Outcome, error: unknown): void {
  const { subject, span, startedAt } = observation;
  const status = outcome === 'success' ? 'success' : 'failure';
  subject.active.value -= 1;
  subject.outcomes[outcome].value += 1;
  for (const counts of subject.counts) counts[status].value += 1;
  if (startedAt === 0) return;
  try {
    const endedAt = ctx.clock.now();
    const seconds = Math.max(0, endedAt - startedAt) / 1_000;
    for (const { duration, durationLabels } of subject.counts) {
      duration.record(seconds, durationLabels, observation.context);
    }
    if (span === undefined) return;
    try {
      if (outcome !== 'success') describeFailure(span, error, outcome, ctx);
    } finally {
      span.end(hrTime(endedAt));
    }
  } catch {
    spansBroken.value += 1;
  }
}

/** An error that says so itself, a cancelled context, or a plain failure. */
function verdictOn(error: unknown, ctx: ObservedContext): Outcome {
  if (ctx.cancelledBy(error)) return 'cancelled';
  const own = typeof error === 'object' && error !== null ? (error as { [VERDICT]?: Outcome })[VERDICT] : undefined;
  return own ?? 'failure';
}

function describeFailure(span: Span, error: unknown, outcome: Outcome, ctx: ObservedContext): void {
  if (!span.isRecording()) return;
  const { type, message } = errorText(error);
  span.setAttribute(ATTR.outcome, outcome);
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  if (!ctx.claimError(error)) return;
  const stack = error instanceof Error ? error.stack : undefined;
  span.recordException({ name: type, message, ...(stack === undefined ? {} : { stack: redact(stack) }) });
}

/** OpenTelemetry's pair of seconds and nanoseconds from milliseconds since the epoch. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.floor((ms - seconds * 1_000) * 1_000_000)];
}

const NO_TRACER_PROVIDER = new ProxyTracerProvider().getDelegate();
let tracerProvider: TracerProvider | undefined;
let tracer: Tracer | undefined;

/**
 * The tracer of the provider registered now, `undefined` when there is none. The global provider is a proxy whose
 * delegate changes when an SDK arrives, and which is itself replaced when that SDK is taken away.
 */
function currentTracer(): Tracer | undefined {
  const registered = trace.getTracerProvider();
  const provider = registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
  if (provider !== tracerProvider) {
    tracerProvider = provider;
    tracer = provider === NO_TRACER_PROVIDER ? undefined : provider.getTracer(SCOPE);
  }
  return tracer;
}
