import { createDashboard, labelVariable } from './dashboard.ts';
import { heatmap, type PanelOptions, stat, timeSeries } from './panels.ts';
import { aggregate, bucketCounts, increase, quantile, rate, series, sum } from './queries.ts';
import { workerRows } from './queue-worker-rows.ts';
import { highIsBad, NEUTRAL, RED_ABOVE_ZERO } from './thresholds.ts';

const NAME = 'queue_name';
const SELECTED = 'queue_name=~"$queue"';
const WAIT = 'tta_queue_wait_seconds';

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });
/** All processes of a queue show the same of it, and NaN while its engine does not answer them. */
const known = (by: string, metric: string, ...more: readonly string[]) =>
  `${aggregate('max', by, series(metric, SELECTED, ...more))} >= 0`;
const jobs = (state: string) => known(NAME, 'tta_queue_jobs', `state="${state}"`);
const slots = sum(NAME, series('tta_queue_worker_slots', SELECTED));
const by = (labels: string, metric: string) => sum(labels, rate(metric, SELECTED));

export const queues = createDashboard({
  uid: 'tta-queues',
  title: 'TTA / Queues and Workers',
  description: 'Work that is done by workers: what waits, for how long, what runs, and what goes wrong on the way.',
  variables: [labelVariable('queue', 'Queue', 'tta_queue_errors_total', NAME)],
  rows: [
    [
      'Now',
      [
        stat({
          title: 'Jobs that wait',
          description: 'Jobs that no worker has begun. Empty while the engine of the queue does not answer.',
          unit: 'short',
          queries: [[jobs('waiting'), '{{queue_name}}']],
          thresholds: NEUTRAL,
        }),
        stat({
          title: 'Oldest job',
          description: 'How long the oldest job that waits has waited.',
          unit: 's',
          queries: [[known(NAME, 'tta_queue_oldest_job_age_seconds'), '{{queue_name}}']],
          thresholds: highIsBad(60, 300),
        }),
        stat({
          title: 'Slots taken',
          description: 'The share of the slots of all workers that have a job. Near 100 %, jobs begin to wait.',
          unit: 'percentunit',
          queries: [[`${sum(NAME, series('tta_queue_worker_running', SELECTED))} / (${slots} > 0)`, '{{queue_name}}']],
          thresholds: highIsBad(0.8, 0.95),
          max: 1,
        }),
        stat({
          title: 'Worker slots',
          description:
            'Jobs that all workers together may run at once. 0: there is no worker, or all are told to stop.',
          unit: 'short',
          queries: [[slots, '{{queue_name}}']],
          thresholds: [
            { color: 'red', value: null },
            { color: 'blue', value: 1 },
          ],
        }),
        stat({
          title: 'Dead jobs',
          description: 'Jobs that were given up and that nobody has retried or dropped yet. tta queue shows them.',
          unit: 'short',
          queries: [[jobs('dead'), '{{queue_name}}']],
          thresholds: RED_ABOVE_ZERO,
        }),
        stat({
          title: 'Jobs lost',
          description: 'Accepted jobs that the engine has lost, in the time shown. Their callers were told.',
          unit: 'short',
          queries: [[sum(NAME, increase('$__range', 'tta_queue_lost_jobs_total', SELECTED)), '{{queue_name}}']],
          thresholds: RED_ABOVE_ZERO,
        }),
      ],
    ],
    [
      'The queue',
      [
        timeSeries({
          title: 'Jobs by state',
          description:
            'Those that are waiting have not begun; a worker has those that are running; delayed ones were handed back a moment ago.',
          unit: 'short',
          queries: [[known(`${NAME}, state`, 'tta_queue_jobs'), '{{queue_name}} {{state}}']],
        }),
        timeSeries({
          title: 'Age of the oldest job',
          description: 'It grows by a second each second while nothing is taken from the queue.',
          unit: 's',
          queries: [[known(NAME, 'tta_queue_oldest_job_age_seconds'), '{{queue_name}}']],
        }),
        narrowTimeSeries({
          title: 'Jobs begun',
          description: 'Jobs per second that a worker began for the first time.',
          unit: 'ops',
          queries: [[by(NAME, `${WAIT}_count`), '{{queue_name}}']],
        }),
        narrowTimeSeries({
          title: 'Wait in the queue',
          description: 'Half of the jobs, and 95 of 100, began after this time or earlier.',
          unit: 's',
          queries: [
            [quantile(0.5, NAME, WAIT, SELECTED), '{{queue_name}} p50'],
            [quantile(0.95, NAME, WAIT, SELECTED), '{{queue_name}} p95'],
          ],
        }),
        heatmap({
          title: 'Where waits fall',
          description: 'The number of jobs by how long they waited.',
          unit: 's',
          queries: [[bucketCounts(WAIT, SELECTED), '{{le}}']],
          width: 8,
        }),
        narrowTimeSeries({
          title: 'Callers that wait',
          description: 'Executions of distribute that wait for the reply of a worker.',
          unit: 'short',
          queries: [[sum(NAME, series('tta_queue_callers', SELECTED)), '{{queue_name}}']],
        }),
        narrowTimeSeries({
          title: 'Jobs for each slot',
          description: 'What waits and runs, divided by the slots of all workers. Above 1, too few workers run for it.',
          unit: 'short',
          queries: [
            [
              `${sum(NAME, `${known(`${NAME}, state`, 'tta_queue_jobs', 'state=~"waiting|running"')}`)} / (${slots} > 0)`,
              '{{queue_name}}',
            ],
          ],
        }),
        narrowTimeSeries({
          title: 'Workers that the engine knows',
          description: 'More than can be scraped: a worker is missing among the targets of Prometheus.',
          unit: 'short',
          queries: [[known(NAME, 'tta_queue_workers'), '{{queue_name}}']],
        }),
      ],
    ],
    [
      'What goes wrong',
      [
        narrowTimeSeries({
          title: 'Jobs refused',
          description: 'Jobs per second that were not accepted: the queue was full or away, or the input too large.',
          unit: 'ops',
          queries: [[by(`${NAME}, reason`, 'tta_queue_refused_jobs_total'), '{{queue_name}} {{reason}}']],
        }),
        narrowTimeSeries({
          title: 'Started again',
          description: 'Starts per second of jobs that had begun before: their worker ended, or stalled.',
          unit: 'ops',
          queries: [[by(NAME, 'tta_queue_redeliveries_total'), '{{queue_name}}']],
        }),
        narrowTimeSeries({
          title: 'Given up',
          description:
            'Jobs per second that died. crashed: they end their workers. expired: nobody waits for them any more.',
          unit: 'ops',
          queries: [[by(`${NAME}, reason`, 'tta_queue_dead_jobs_total'), '{{queue_name}} {{reason}}']],
        }),
        narrowTimeSeries({
          title: 'Handed back',
          description:
            'Jobs per second that a worker left to others. draining: it was told to stop. Otherwise it is older than the caller.',
          unit: 'ops',
          queries: [[by(`${NAME}, reason`, 'tta_queue_handed_back_total'), '{{queue_name}} {{reason}}']],
        }),
        narrowTimeSeries({
          title: 'Engine errors',
          description: 'Operations per second that the engine of the queue failed.',
          unit: 'ops',
          queries: [[by(`${NAME}, operation`, 'tta_queue_errors_total'), '{{queue_name}} {{operation}}']],
        }),
        narrowTimeSeries({
          title: 'Workers that stood still',
          description: 'Times per second that a worker took no job although jobs waited, and was started anew.',
          unit: 'ops',
          queries: [[by(NAME, 'tta_queue_worker_restarts_total'), '{{queue_name}}']],
        }),
      ],
    ],
    ...workerRows,
  ],
});
