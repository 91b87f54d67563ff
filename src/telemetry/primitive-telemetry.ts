/** The telemetry that all kinds of primitives have. */
import { SpanKind } from '@opentelemetry/api';
import { type ExecutionMetrics, type ExecutionTelemetry, executionMetrics, outcomesIn } from './execution-telemetry.ts';
import { HistogramTable } from './histogram-table.ts';
import { boundedAttributes, labelValue } from './label-sets.ts';
import { currentMeter } from './meter.ts';
import { ATTR, INSTRUMENT } from './semconv.ts';
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

export interface PrimitiveTelemetry extends ExecutionTelemetry {
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

/** What counts the executions of the workflow with this name. */
export function workflowMetrics(name: string): ExecutionMetrics {
  return executionMetrics(
    workflowExecutions,
    [name],
    outcomesIn(workflowOutcomes, name),
    workflowDuration.series(name),
  );
}

/** Makes the telemetry of one primitive. Its series exist from now on, at 0. */
export function createPrimitiveTelemetry(options: PrimitiveTelemetryOptions): PrimitiveTelemetry {
  const { type, name, workflow, spanName, spanKind = SpanKind.INTERNAL, samplingAttributes, metrics = [] } = options;
  const ended = outcomesIn(primitiveOutcomes, type);
  const execution = executionMetrics(primitiveExecutions, [type, name], ended, primitiveDuration.series(type));
  const otherMetrics = [execution, ...metrics];
  const telemetry: PrimitiveTelemetry = {
    spanName: labelValue(spanName ?? `${type} ${name}`),
    spanKind,
    samplingAttributes: samplingAttributes && boundedAttributes(samplingAttributes),
    spanAttributes: boundedAttributes({ [ATTR.primitiveType]: type, [ATTR.primitiveName]: name }),
    metrics: workflow ? [execution, workflowMetrics(name), ...metrics] : otherMetrics,
    workflow: workflow ? { name, otherMetrics } : undefined,
    firstChunk: options.firstChunk,
    active: primitiveActive.series(type),
  };
  currentMeter();
  return telemetry;
}
