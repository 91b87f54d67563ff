/** The tables: one line for each workflow, model or primitive. */
import { FAILED, increase, quantile, share, VALID } from './measure.ts';
import type { TableRow } from './panel.ts';
import {
  COST,
  DURATION,
  EXECUTIONS,
  failed,
  failedCalls,
  MODEL,
  MODEL_DURATION,
  NAME,
  PRIMITIVE_DURATION,
  PRIMITIVE_OUTCOMES,
  PRIMITIVES,
  REQUESTS,
  TYPE,
  WORKFLOW,
  WORKFLOW_COST,
} from './terms.ts';

export const TABLES: readonly TableRow[] = [
  {
    id: 'workflows',
    row: 'Traffic and errors',
    title: 'Each workflow',
    description: 'One line per workflow, for the whole time shown. A workflow without a cost called no model.',
    of: 'Workflow',
    name: WORKFLOW,
    columns: [
      ['Executions', 'count', increase(EXECUTIONS)],
      ['Failed', 'share', failed],
      ['p50', 'seconds', quantile(0.5, DURATION)],
      ['p95', 'seconds', quantile(0.95, DURATION)],
      ['p99', 'seconds', quantile(0.99, DURATION)],
      ['Cost', 'dollars', increase(WORKFLOW_COST)],
    ],
  },
  {
    id: 'models',
    row: 'Model calls',
    title: 'Each model',
    description: 'One line per model, for the whole time shown.',
    of: 'Model',
    name: MODEL,
    columns: [
      ['Calls', 'count', increase(REQUESTS)],
      ['Failed', 'share', failedCalls],
      ['p50', 'seconds', quantile(0.5, MODEL_DURATION)],
      ['p95', 'seconds', quantile(0.95, MODEL_DURATION)],
      ['p99', 'seconds', quantile(0.99, MODEL_DURATION)],
      ['Cost', 'dollars', increase(COST)],
    ],
  },
  {
    id: 'types',
    row: 'Primitives',
    title: 'Each type of primitive',
    description: 'One line per type, for the whole time shown. The time of a composed primitive includes its parts.',
    of: 'Type',
    name: TYPE,
    columns: [
      ['Executions', 'count', increase(PRIMITIVES)],
      ['Failed', 'share', share(PRIMITIVE_OUTCOMES, FAILED, VALID)],
      ['p50', 'seconds', quantile(0.5, PRIMITIVE_DURATION)],
      ['p95', 'seconds', quantile(0.95, PRIMITIVE_DURATION)],
      ['p99', 'seconds', quantile(0.99, PRIMITIVE_DURATION)],
    ],
  },
  {
    id: 'primitives',
    row: 'Primitives',
    title: 'Each primitive',
    description: 'One line per primitive by its name, for the whole time shown.',
    of: 'Primitive',
    name: `${NAME} ({{primitive_type}})`,
    columns: [
      ['Executions', 'count', increase(PRIMITIVES)],
      ['Failed', 'share', share(PRIMITIVES, { status: { only: ['failure'] } })],
    ],
  },
];
