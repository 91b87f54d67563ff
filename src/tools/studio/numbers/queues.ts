/** Work that is done by workers of a queue. */
import { gauge, quantile, rate } from './measure.ts';
import type { PanelRow } from './panel.ts';

const QUEUE = '{{queue_name}}';
const WAIT = 'tta_queue_wait_seconds';

export const QUEUES: readonly PanelRow[] = [
  {
    id: 'jobs',
    title: 'Jobs by state',
    description:
      'Those that are waiting have not begun; a worker has those that are running; delayed ones were handed back a moment ago.',
    unit: 'count',
    shape: 'lines',
    lines: [{ name: `${QUEUE} {{state}}`, measure: gauge('tta_queue_jobs') }],
  },
  {
    id: 'job-waits',
    title: 'Wait in the queue',
    description: 'Half of the jobs, and 95 of 100, began after this time or earlier.',
    unit: 'seconds',
    shape: 'lines',
    lines: [
      { name: `${QUEUE} p50`, measure: quantile(0.5, WAIT) },
      { name: `${QUEUE} p95`, measure: quantile(0.95, WAIT) },
    ],
  },
  {
    id: 'redeliveries',
    title: 'Started again',
    description: 'Starts per second of jobs that had begun before: their worker ended, or stalled.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: QUEUE, measure: rate('tta_queue_redeliveries_total') }],
  },
  {
    id: 'dead-jobs',
    title: 'Given up',
    description: 'Jobs per second that died. crashed: they end their workers. expired: nobody waits for them any more.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: `${QUEUE} {{reason}}`, measure: rate('tta_queue_dead_jobs_total') }],
  },
];
