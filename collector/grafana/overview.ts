import { alertList } from './alert-list.ts';
import { createDashboard } from './dashboard.ts';
import { barGauge, stat, timeSeries } from './panels.ts';
import {
  aggregate,
  billed,
  FAILED,
  IMAGINARY_COST,
  increase,
  ownProcesses,
  placed,
  quantile,
  rate,
  series,
  share,
  sum,
  VALID,
} from './queries.ts';
import { highIsBad, lowIsBad, NEUTRAL, UP } from './thresholds.ts';

const requests = (by: string) => sum(by, rate('tta_workflow_executions_total'));
const outcomes = (by: string, which: string) => sum(by, rate('tta_workflow_outcomes_total', which));
const failed = (by: string) => `${outcomes(by, FAILED)} / ${outcomes(by, VALID)}`;
const hitRate = (by: string) => share(sum(by, rate('tta_cache_hits_total')), sum(by, rate('tta_cache_misses_total')));
const costRate = (by: string, ...only: readonly string[]) => sum(by, rate('tta_llm_cost_total', ...only));

/** The processes with primitives in the time shown. `up` may have another job, so it is joined by the other labels. */
const seen = `last_over_time(${series('tta_primitive_active')}[$__range])`;

export const overview = createDashboard({
  uid: 'tta-system-overview',
  title: 'TTA / System Overview',
  description: 'Whether the processes are up, and their requests, failures, latencies and cost.',
  rows: [
    [
      'Now',
      [
        stat({
          title: 'System health',
          description: 'Whether the last scrape of the endpoint succeeded. When it is DOWN, see Telemetry Health.',
          unit: 'none',
          queries: [
            [`${placed('up', 'instance=~"$instance"')} and on (cluster, namespace, instance) ${seen}`, '{{instance}}'],
          ],
          mappings: UP,
          thresholds: lowIsBad(1, 1),
        }),
        stat({
          title: 'Request rate',
          description: 'Finished workflow executions per second, successful or failed.',
          unit: 'reqps',
          queries: [[requests(''), 'requests']],
          thresholds: NEUTRAL,
        }),
        stat({
          title: 'Failed requests',
          description:
            'The share of workflow executions that failed, without cancelled and superseded ones. The dashboard Workflows shows which, Primitives shows why.',
          unit: 'percentunit',
          queries: [[failed(''), 'failed']],
          thresholds: highIsBad(0.01, 0.05),
          max: 1,
        }),
        stat({
          title: 'Workflow latency, p95',
          description: 'Of 100 workflow executions, 95 take this time or less.',
          unit: 's',
          queries: [[quantile(0.95, '', 'tta_workflow_duration_seconds'), 'p95']],
          thresholds: highIsBad(5, 30),
        }),
        stat({
          title: 'Cost per hour',
          description: `The cost of one hour of model calls at the current rate, without calls whose price is unknown. ${IMAGINARY_COST}`,
          unit: 'currencyUSD',
          queries: [[`3600 * ${billed((...only) => costRate('', ...only))}`, 'per hour']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        stat({
          title: 'Cache hit rate',
          description: 'The share of cache lookups that did not run the wrapped primitive.',
          unit: 'percentunit',
          queries: [[hitRate(''), 'hits']],
          thresholds: lowIsBad(0.2, 0.5),
          max: 1,
        }),
      ],
    ],
    [
      'Traffic',
      [
        timeSeries({
          title: 'Request rate by workflow',
          description: 'Finished executions per second of each workflow.',
          unit: 'reqps',
          queries: [[requests('workflow_name'), '{{workflow_name}}']],
          stacked: true,
        }),
        barGauge({
          title: 'Workflow executions by status, last hour',
          description:
            'Successful and failed executions of each workflow during the last hour; the twelve largest numbers.',
          unit: 'short',
          decimals: 0,
          queries: [
            [
              `topk(12, ${sum('workflow_name, status', increase('1h', 'tta_workflow_executions_total'))})`,
              '{{workflow_name}} {{status}}',
            ],
          ],
          thresholds: NEUTRAL,
        }).overrideByRegexp(String.raw`/ failure\b/`, [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }]),
        timeSeries({
          title: 'Latency by primitive type, p95',
          description:
            'Of 100 executions of each type, 95 take this time or less. The time of a composed primitive includes its parts.',
          unit: 's',
          queries: [[quantile(0.95, 'primitive_type', 'tta_execution_duration_seconds'), '{{primitive_type}}']],
        }),
        timeSeries({
          title: 'Failed requests by workflow',
          description: 'The share of executions of each workflow that failed, without cancelled and superseded ones.',
          unit: 'percentunit',
          queries: [[failed('workflow_name'), '{{workflow_name}}']],
        }),
      ],
    ],
    [
      'Money',
      [
        timeSeries({
          title: 'Cost per hour by model',
          description: 'Dollars per hour at the rate of that moment.',
          unit: 'currencyUSD',
          queries: [[`3600 * ${costRate('model')}`, '{{model}}']],
          stacked: true,
        }),
        timeSeries({
          title: 'Cache hit rate by cache',
          description:
            'If it falls after a deployment, the keys have changed. If it falls over days, the cache is too small or its entries expire too early.',
          unit: 'percentunit',
          queries: [[hitRate('primitive_name'), '{{primitive_name}}']],
          max: 1,
        }),
      ],
    ],
    [
      'Processes',
      [
        timeSeries({
          title: 'CPU',
          description: 'Used cores. Node.js runs JavaScript on one core: the process is saturated when it stays at 1.',
          unit: 'short',
          queries: [[sum('instance', ownProcesses(rate('process_cpu_seconds_total'))), '{{instance}}']],
          width: 6,
        }),
        timeSeries({
          title: 'Memory',
          description: 'Resident memory, and the heap in it. If the heap only grows, there is a leak.',
          unit: 'bytes',
          queries: [
            [sum('instance', ownProcesses(series('process_resident_memory_bytes'))), '{{instance}} resident'],
            [sum('instance', series('nodejs_heap_size_used_bytes')), '{{instance}} heap'],
          ],
          width: 6,
        }),
        timeSeries({
          title: 'Event loop delay',
          description:
            'How late timers and answers are because the process is busy: median, p90 and p99 of the worst instance.',
          unit: 's',
          queries: [
            [`max(${series('nodejs_eventloop_delay_p50_seconds')})`, 'p50'],
            [`max(${series('nodejs_eventloop_delay_p90_seconds')})`, 'p90'],
            [`max(${series('nodejs_eventloop_delay_p99_seconds')})`, 'p99'],
          ],
          width: 6,
        }),
        timeSeries({
          title: 'Uptime',
          description:
            'Time since the process of each instance started, the youngest of several. If it returns to 0 again and again, it crashes.',
          unit: 's',
          queries: [
            [
              `time() - ${aggregate('max', 'instance', ownProcesses(series('process_start_time_seconds')))}`,
              '{{instance}}',
            ],
          ],
          width: 6,
        }),
      ],
    ],
    ['Alerts', [alertList()]],
  ],
});
