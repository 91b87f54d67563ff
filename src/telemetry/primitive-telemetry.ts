/** What is observed: everything about a primitive's telemetry that is known when it is built. */
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { currentMeter, HistogramTable, labelValue, type Series, SeriesTable } from './instruments.ts';
import { ATTR, INSTRUMENT, OUTCOMES, type Outcome, STATUSES } from './semconv.ts';

const workflowExecutions = new SeriesTable(
  INSTRUMENT.workflowExecutions,
  'counter',
  { description: 'Finished workflow executions', unit: '{execution}' },
  [ATTR.workflowName, ATTR.status],
);
const primitiveExecutions = new SeriesTable(
  INSTRUMENT.primitiveExecutions,
  'counter',
  { description: 'Finished primitive executions', unit: '{execution}' },
  [ATTR.primitiveType, ATTR.primitiveName, ATTR.status],
);
const primitiveOutcomes = new SeriesTable(
  INSTRUMENT.primitiveOutcomes,
  'counter',
  { description: 'Finished primitive executions by outcome', unit: '{execution}' },
  [ATTR.primitiveType, ATTR.outcome],
);
const primitiveActive = new SeriesTable(
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

const llmRequests = new SeriesTable(
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

const llmFirstChunk = new HistogramTable(
  INSTRUMENT.llmTimeToFirstChunk,
  { description: 'Time from the request to the first chunk of a streamed reply', unit: 's' },
  [ATTR.genAiRequestModel, ATTR.genAiProvider],
);

/** A status counter and a duration histogram that every execution of a telemetry enters once. */
interface Counts {
  readonly success: Series;
  readonly failure: Series;
  readonly duration: HistogramTable;
  readonly durationLabels: Attributes;
}

/** What is observed: everything about a primitive's telemetry that is known when it is built. */
export interface PrimitiveTelemetry {
  readonly spanName: string;
  readonly spanKind: SpanKind;
  /** What a sampler may want to see. */
  readonly samplingAttributes: Attributes | undefined;
  readonly spanAttributes: Attributes;
  readonly counts: readonly Counts[];
  readonly outcomes: Readonly<Record<Outcome, Series>>;
  /** Told how long the first chunk of a stream took; undefined where only the span shows it. */
  readonly firstChunk: Pick<Counts, 'duration' | 'durationLabels'> | undefined;
  readonly active: Series;
}

export interface PrimitiveTelemetryOptions {
  readonly type: string;
  readonly name: string;
  /** Whether executions also count as workflow executions. */
  readonly workflow: boolean;
  /** The span's name where it is not `type name`. */
  readonly spanName?: string | undefined;
  /** Model and provider, where the execution is a call to a model. */
  readonly model?: readonly [model: string, provider: string] | undefined;
  /** Whether that call's reply is a stream. */
  readonly streams?: boolean | undefined;
  /** Attributes that the span has from its first moment, so that samplers see them. */
  readonly samplingAttributes?: Attributes | undefined;
}

/** Builds a telemetry; its series stand at 0 from now on. */
export function createPrimitiveTelemetry({
  type,
  name,
  workflow,
  spanName,
  model,
  streams,
  samplingAttributes,
}: PrimitiveTelemetryOptions): PrimitiveTelemetry {
  const telemetry: PrimitiveTelemetry = {
    spanName: labelValue(spanName ?? `${type} ${name}`),
    spanKind: model === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT,
    samplingAttributes: samplingAttributes && bounded(samplingAttributes),
    spanAttributes: bounded({ [ATTR.primitiveType]: type, [ATTR.primitiveName]: name }),
    counts: [
      countsOf(primitiveExecutions, [type, name], primitiveDuration, [type]),
      ...(workflow ? [countsOf(workflowExecutions, [name], workflowDuration, [name])] : []),
      ...(model === undefined ? [] : [countsOf(llmRequests, model, llmRequestDuration, model)]),
    ],
    outcomes: Object.fromEntries(
      OUTCOMES.map((outcome) => [outcome, primitiveOutcomes.series(type, outcome)]),
    ) as Record<Outcome, Series>,
    firstChunk:
      model === undefined || !streams
        ? undefined
        : { duration: llmFirstChunk, durationLabels: llmFirstChunk.labels(...model) },
    active: primitiveActive.series(type),
  };
  currentMeter();
  return telemetry;
}

/** Names stand on every span: one of 10,000 characters would make a batch of spans larger than a collector takes. */
function bounded(attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).map(([key, value]) => [
    key,
    typeof value === 'string' ? labelValue(value) : value,
  ]);
  return Object.freeze(Object.fromEntries(entries));
}

function countsOf(
  executions: SeriesTable,
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
