/** How many executions of workflows there are, and how they end. */
import { rate } from './measure.ts';
import type { PanelRow } from './panel.ts';
import { EXECUTIONS, FAILED_STATUS, failed, OUTCOMES, WORKFLOW } from './terms.ts';

export const TRAFFIC: readonly PanelRow[] = [
  {
    id: 'rate-by-workflow',
    title: 'Request rate by workflow',
    description: 'Finished executions per second of each workflow.',
    unit: 'per_second',
    shape: 'stacked',
    lines: [{ name: WORKFLOW, measure: rate(EXECUTIONS) }],
  },
  {
    id: 'failed-by-workflow',
    title: 'Failed requests by workflow',
    description: 'The share of executions of each workflow that failed, without cancelled and superseded ones.',
    unit: 'share',
    shape: 'lines',
    status: FAILED_STATUS,
    lines: [{ name: WORKFLOW, measure: failed }],
  },
  {
    id: 'outcomes',
    title: 'Workflow executions by outcome',
    description:
      'How executions ended, per second. Cancelled ones were given up by their caller, superseded ones lost a race or had a failed sibling: neither is a failure.',
    unit: 'per_second',
    shape: 'stacked',
    lines: [{ name: '{{outcome}}', measure: rate(OUTCOMES) }],
  },
];
