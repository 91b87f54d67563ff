/** How long executions take. */
import { quantile } from './measure.ts';
import type { PanelRow } from './panel.ts';
import { DURATION, PRIMITIVE_DURATION, quantiles, TYPE, WORKFLOW } from './terms.ts';

export const LATENCY: readonly PanelRow[] = [
  {
    id: 'latency',
    title: 'Latency, median and tails',
    description: 'Wall time of all workflows together.',
    unit: 'seconds',
    shape: 'lines',
    lines: quantiles(DURATION),
  },
  {
    id: 'latency-by-workflow',
    title: 'Latency by workflow, p95',
    description: 'Of 100 executions of each workflow, 95 take this time or less.',
    unit: 'seconds',
    shape: 'lines',
    lines: [{ name: WORKFLOW, measure: quantile(0.95, DURATION) }],
  },
  {
    id: 'latency-by-type',
    title: 'Latency by type, p95',
    description:
      'Of 100 executions of each type, 95 take this time or less. The time of a composed primitive includes its parts.',
    unit: 'seconds',
    shape: 'lines',
    lines: [{ name: TYPE, measure: quantile(0.95, PRIMITIVE_DURATION) }],
  },
];
