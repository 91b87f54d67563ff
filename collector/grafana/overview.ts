import { alerts } from './alert-list.ts';
import { board } from './board.ts';
import { bars, graph, stat } from './panels.ts';
import { increase, ours, quantile, rate, series, share, sum } from './promql.ts';
import { falling, NEUTRAL, rising, UP } from './thresholds.ts';

const requests = (by: string) => sum(by, rate('tta_workflow_executions_total'));
const failed = (by: string) => sum(by, rate('tta_workflow_executions_total', 'status="failure"'));
const hitRate = (by: string) => share(sum(by, rate('tta_cache_hits_total')), sum(by, rate('tta_cache_misses_total')));
const hourlyCost = (by: string) => `3600 * ${sum(by, rate('tta_llm_cost_total'))}`;

/** What a process of ours was seen at during the time shown: `up` itself carries the name of the scrape job. */
const seen = `last_over_time(${series('tta_primitive_active')}[$__range])`;

export const overview = board({
  uid: 'tta-system-overview',
  title: 'TTA / System Overview',
  description: 'Is it up, how much does it do, how well, how fast, and what does it cost.',
  rows: [
    [
      'Now',
      [
        stat({
          title: 'System health',
          description: 'Whether Prometheus reached the endpoint at its last scrape. DOWN: see Telemetry Health.',
          unit: 'none',
          queries: [[`up{instance=~"$instance"} and on (instance) ${seen}`, '{{instance}}']],
          mappings: UP,
          thresholds: falling(1, 1),
        }),
        stat({
          title: 'Request rate',
          description: 'Finished workflow executions per second, successful or not.',
          unit: 'reqps',
          queries: [[requests(''), 'requests']],
          thresholds: NEUTRAL,
        }),
        stat({
          title: 'Failed requests',
          description: 'The share of workflow executions that failed. See Workflows for which, Primitives for why.',
          unit: 'percentunit',
          queries: [[`${failed('')} / ${requests('')}`, 'failed']],
          thresholds: rising(0.01, 0.05),
          max: 1,
        }),
        stat({
          title: 'Workflow latency, p95',
          description: 'No more than 5 of 100 workflow executions take longer than this.',
          unit: 's',
          queries: [[quantile(0.95, '', 'tta_workflow_duration_seconds'), 'p95']],
          thresholds: rising(5, 30),
        }),
        stat({
          title: 'Cost per hour',
          description:
            'What an hour of model calls costs at the present rate. Calls without a known price are not in it.',
          unit: 'currencyUSD',
          queries: [[hourlyCost(''), 'per hour']],
          thresholds: NEUTRAL,
          decimals: 2,
        }),
        stat({
          title: 'Cache hit rate',
          description: 'The share of cache lookups that did not run the wrapped primitive.',
          unit: 'percentunit',
          queries: [[hitRate(''), 'hits']],
          thresholds: falling(0.2, 0.5),
          max: 1,
        }),
      ],
    ],
    [
      'Traffic',
      [
        graph({
          title: 'Request rate by workflow',
          description: 'Finished executions per second of each workflow.',
          unit: 'reqps',
          queries: [[requests('workflow_name'), '{{workflow_name}}']],
          stacked: true,
        }),
        bars({
          title: 'Workflow executions by status, last hour',
          description:
            'How many executions of each workflow ended in success and in failure during the last hour; the twelve largest.',
          unit: 'short',
          decimals: 0,
          queries: [
            [
              `topk(12, ${sum('workflow_name, status', increase('1h', 'tta_workflow_executions_total'))})`,
              '{{workflow_name}} {{status}}',
            ],
          ],
          thresholds: NEUTRAL,
        }).overrideByRegexp('/ failure$/', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'red' } }]),
        graph({
          title: 'Latency by primitive type, p95',
          description: 'Wall time of 95 of 100 executions of each kind; a composed one includes what it is made of.',
          unit: 's',
          queries: [[quantile(0.95, 'primitive_type', 'tta_execution_duration_seconds'), '{{primitive_type}}']],
        }),
        graph({
          title: 'Failed requests by workflow',
          description: 'The share of executions of each workflow that failed.',
          unit: 'percentunit',
          queries: [[`${failed('workflow_name')} / ${requests('workflow_name')}`, '{{workflow_name}}']],
        }),
      ],
    ],
    [
      'Money',
      [
        graph({
          title: 'Cost per hour by model',
          description: 'Dollars per hour at the rate of each moment.',
          unit: 'currencyUSD',
          queries: [[hourlyCost('model'), '{{model}}']],
          stacked: true,
        }),
        graph({
          title: 'Cache hit rate by cache',
          description:
            'A fall after a deployment: keys changed. A fall over days: the cache is too small or lives too short.',
          unit: 'percentunit',
          queries: [[hitRate('primitive_name'), '{{primitive_name}}']],
          max: 1,
        }),
      ],
    ],
    [
      'Processes',
      [
        graph({
          title: 'CPU',
          description: 'Cores in use. Node.js runs our code on one: a steady 1 is saturation.',
          unit: 'short',
          queries: [[sum('instance', ours(rate('process_cpu_seconds_total'))), '{{instance}}']],
          width: 6,
        }),
        graph({
          title: 'Memory',
          description: 'Resident memory, and the heap in it. A heap that only grows is a leak.',
          unit: 'bytes',
          queries: [
            [sum('instance', ours(series('process_resident_memory_bytes'))), '{{instance}} resident'],
            [sum('instance', series('nodejs_heap_size_used_bytes')), '{{instance}} heap'],
          ],
          width: 6,
        }),
        graph({
          title: 'Event loop delay',
          description:
            'How late timers and answers are because the process was busy: median, p90 and p99, the worst instance.',
          unit: 's',
          queries: [
            [`max(${series('nodejs_eventloop_delay_p50_seconds')})`, 'p50'],
            [`max(${series('nodejs_eventloop_delay_p90_seconds')})`, 'p90'],
            [`max(${series('nodejs_eventloop_delay_p99_seconds')})`, 'p99'],
          ],
          width: 6,
        }),
        graph({
          title: 'Uptime',
          description: 'Time since each process started. A saw is a crash loop.',
          unit: 's',
          queries: [[`time() - (${ours(series('process_start_time_seconds'))})`, '{{instance}}']],
          width: 6,
        }),
      ],
    ],
    ['Alerts', [alerts()]],
  ],
});
