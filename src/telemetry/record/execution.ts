/** The span attributes of a run, and the telemetry of a named workflow. */
import type { Attributes } from '@opentelemetry/api';
import { labelValue } from '../label-sets.ts';
import type { KindTelemetry } from '../primitive-telemetry.ts';
import { ATTR, TAG_PREFIX } from '../semconv.ts';

export type ExecutionAttributes = Attributes;

/** A span keeps 128 attributes by default, the first ones. The others belong to what the work reports. */
const MOST_TAGS = 64;

/** The ids and tags of a run as span attributes, for the first span of the run. The ids come first. */
export function executionAttributes(run: {
  readonly workflowId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly tags?: Readonly<Record<string, string | number | boolean>> | undefined;
}): ExecutionAttributes {
  const attributes: ExecutionAttributes = {
    [ATTR.workflowId]: run.workflowId,
    [ATTR.sessionId]: run.sessionId,
    [ATTR.correlationId]: run.correlationId,
    ...(run.tenant === undefined ? undefined : { [ATTR.tenant]: labelValue(run.tenant) }),
  };
  for (const [key, value] of Object.entries(run.tags ?? {}).slice(0, MOST_TAGS)) attributes[TAG_PREFIX + key] = value;
  return attributes;
}

/** The telemetry of a named workflow: its span has the name and attributes of the GenAI conventions. */
export function workflowTelemetry(name: string): KindTelemetry {
  return {
    spanName: `invoke_workflow ${name}`,
    samplingAttributes: { [ATTR.genAiOperation]: 'invoke_workflow', [ATTR.genAiWorkflowName]: name },
  };
}
