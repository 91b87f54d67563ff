/** Rows of the dashboard of queues: each worker by itself, and what all processes share. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { stateTimeline, timeSeries } from './panels.ts';
import { aggregate, rate, series, sum } from './queries.ts';
import { SHARED } from './thresholds.ts';

const SELECTED = 'queue_name=~"$queue"';
const EACH = 'queue_name, instance';
const STATE = 'primitive_type, primitive_name';

export const workerRows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[] = [
  [
    'Each worker',
    [
      timeSeries({
        title: 'Running, the twenty busiest workers',
        description: 'Jobs that each worker runs. One that stays at 0 while others are busy takes nothing.',
        unit: 'short',
        queries: [
          [`topk(20, ${sum(EACH, series('tta_queue_worker_running', SELECTED))})`, '{{instance}} {{queue_name}}'],
        ],
      }),
      timeSeries({
        title: 'Jobs begun by each worker, the twenty with the most',
        description: 'Jobs per second. All should be about the same.',
        unit: 'ops',
        queries: [
          [`topk(20, ${sum(EACH, rate('tta_queue_wait_seconds_count', SELECTED))})`, '{{instance}} {{queue_name}}'],
        ],
      }),
    ],
  ],
  [
    'What all processes share',
    [
      stateTimeline({
        title: 'Limits, circuits and caches that are shared',
        description: 'Local: in one process at least it works without the others, because Redis cannot be reached.',
        unit: 'none',
        queries: [[aggregate('max', STATE, series('tta_shared_state_local')), '{{primitive_type}} {{primitive_name}}']],
        mappings: SHARED,
      }),
      timeSeries({
        title: 'Errors of the shared state',
        description: 'Failed operations per second. The work goes on with the state of single processes.',
        unit: 'ops',
        queries: [[sum(STATE, rate('tta_shared_state_errors_total')), '{{primitive_type}} {{primitive_name}}']],
      }),
    ],
  ],
];
