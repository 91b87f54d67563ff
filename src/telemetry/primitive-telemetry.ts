/** The telemetry that all kinds of primitives have. */
import { SpanKind } from '@opentelemetry/api';
import { type ExecutionTelemetry, executionMetrics } from './execution-telemetry.ts';
import { HistogramTable } from './histogram-table.ts';
import { boundedAttributes, labelValue } from './label-sets.ts';
import { currentMeter } from './meter.ts';
import { ATTR, INSTRUMENT, OUTCOMES, type Outcome } from './semconv.ts';
import { type Series, SeriesTable } from './series-table.ts';

const workflowExecutions = new SeriesTable(INSTRUMENT.workflowExecutions, 'counter', { unit: '{execution}' }, [
  ATTR.workflowName,
  ATTR.status,
]);
const primitiveExecutions = new SeriesTable(INSTRUMENT.primitiveExecutions, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveType,
  ATTR.primitiveName,
  ATTR.status,
]);
const primitiveOutcomes = new SeriesTable(INSTRUMENT.primitiveOutcomes, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveType,
  ATTR.outcome,
]);
const workflowOutcomes = new SeriesTable(INSTRUMENT.workflowOutcomes, 'counter', { unit: '{execution}' }, [
  ATTR.workflowName,
  ATTR.outcome,
]);
const primitiveActive = new SeriesTable(INSTRUMENT.primitiveActive, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveType,
]);
const primitiveDuration = new HistogramTable(INSTRUMENT.primitiveDuration, { unit: 's' }, [ATTR.primitiveType]);
const workflowDuration = new HistogramTable(INSTRUMENT.workflowDuration, { unit: 's' }, [ATTR.workflowName]);

/** A series for each way in which an execution may end. */
type Outcomes = Readonly<Record<Outcome, Series>>;

export interface PrimitiveTelemetry extends ExecutionTelemetry {
  readonly outcomes: Outcomes;
  /** Those of the workflow, for a primitive that counts as one. */
  readonly workflowOutcomes: Outcomes | undefined;
  readonly active: Series;
}

/** The span, counts and durations that only one kind of primitive has, beside those of all kinds. */
export type KindTelemetry = Partial<
  Pick<ExecutionTelemetry, 'spanName' | 'spanKind' | 'samplingAttributes' | 'metrics' | 'firstChunk'>
>;

export interface PrimitiveTelemetryOptions extends KindTelemetry {
  readonly type: string;
  readonly name: string;
  /** Whether executions also count as workflow executions. */
  readonly workflow: boolean;
}

/** Makes the telemetry of one primitive. Its series exist from now on, at 0. */
export function createPrimitiveTelemetry(options: PrimitiveTelemetryOptions): PrimitiveTelemetry {
  const { type, name, workflow, spanName, spanKind = SpanKind.INTERNAL, samplingAttributes, metrics = [] } = options;
  const execution = executionMetrics(primitiveExecutions, [type, name], primitiveDuration.series(type));
  const workflowExecution = () => executionMetrics(workflowExecutions, [name], workflowDuration.series(name));
  const telemetry: PrimitiveTelemetry = {
    spanName: labelValue(spanName ?? `${type} ${name}`),
    spanKind,
    samplingAttributes: samplingAttributes && boundedAttributes(samplingAttributes),
    spanAttributes: boundedAttributes({ [ATTR.primitiveType]: type, [ATTR.primitiveName]: name }),
    metrics: [execution, ...(workflow ? [workflowExecution()] : []), ...metrics],
    outcomes: outcomesIn(primitiveOutcomes, type),
    workflowOutcomes: workflow ? outcomesIn(workflowOutcomes, name) : undefined,
    firstChunk: options.firstChunk,
    active: primitiveActive.series(type),
  };
  currentMeter();
  return telemetry;
}

function outcomesIn(table: SeriesTable, label: string): Outcomes {
  const series = OUTCOMES.map((outcome) => [outcome, table.series(label, outcome)]);
  return Object.fromEntries(series) as Record<Outcome, Series>;
}
