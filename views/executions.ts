import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import { DURATION_BOUNDS } from './buckets.ts';
import type { Row } from './row.ts';

const HOW_ENDED =
  '`success`, `failure`, `timeout`, `rejected` (we refused the work), `cancelled` (its caller gave it up) or `superseded` ' +
  '(a race, a hedge or a failed sibling ended it)';

export const executions: readonly Row[] = [
  {
    instrument: INSTRUMENT.workflowExecutions,
    metric: 'tta_workflow_executions_total',
    type: 'counter',
    labels: { [ATTR.workflowName]: 'workflow_name', [ATTR.status]: 'status' },
    meaning: 'one per finished workflow execution; `status` is `success` or `failure`',
  },
  {
    instrument: INSTRUMENT.primitiveExecutions,
    metric: 'tta_primitive_executions_total',
    type: 'counter',
    labels: {
      [ATTR.primitiveType]: 'primitive_type',
      [ATTR.primitiveName]: 'primitive_name',
      [ATTR.status]: 'status',
    },
    meaning: 'one per finished primitive execution of every kind, also of composed primitives',
  },
  {
    instrument: INSTRUMENT.primitiveDuration,
    metric: 'tta_execution_duration_seconds',
    type: 'histogram',
    labels: { [ATTR.primitiveType]: 'primitive_type' },
    bounds: DURATION_BOUNDS,
    meaning: 'wall time of a primitive execution, successful or failed',
  },
  {
    instrument: INSTRUMENT.workflowDuration,
    metric: 'tta_workflow_duration_seconds',
    type: 'histogram',
    labels: { [ATTR.workflowName]: 'workflow_name' },
    bounds: DURATION_BOUNDS,
    meaning: 'wall time of a workflow execution, successful or failed',
  },
  {
    instrument: INSTRUMENT.primitiveOutcomes,
    metric: 'tta_primitive_outcomes_total',
    type: 'counter',
    labels: { [ATTR.primitiveType]: 'primitive_type', [ATTR.outcome]: 'outcome' },
    meaning: `how an execution ended: ${HOW_ENDED}`,
  },
  {
    instrument: INSTRUMENT.workflowOutcomes,
    metric: 'tta_workflow_outcomes_total',
    type: 'counter',
    labels: { [ATTR.workflowName]: 'workflow_name', [ATTR.outcome]: 'outcome' },
    meaning: 'one per finished workflow execution, by how it ended, as in `tta_primitive_outcomes_total`',
  },
  {
    instrument: INSTRUMENT.primitiveActive,
    metric: 'tta_primitive_active',
    type: 'gauge',
    labels: { [ATTR.primitiveType]: 'primitive_type' },
    meaning: 'executions that are running now',
  },
];
