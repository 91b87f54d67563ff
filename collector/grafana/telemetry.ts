import { board } from './board.ts';
import { figure, graph, type PanelOptions, states } from './panels.ts';
import { increase, rate, series, sum } from './promql.ts';
import { collectorRow } from './telemetry-collector.ts';
import { NONE_WANTED, rising, UP } from './thresholds.ts';

const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });
const quarter = (options: Omit<PanelOptions, 'width'>) => figure({ ...options, width: 6 });
const lost = 'tta_spans_lost_total';
const overflow = 'tta_series_overflow_total';
/** One span each, where every trace is sampled. */
const spans = increase('$__range', 'tta_primitive_executions_total');
const perMetric = `count by (__name__) ({__name__=~"tta_.+", job=~"$job", instance=~"$instance"})`;
/** Prometheus names a group by its file as well. */
const byGroup = (expression: string) =>
  `sum by (group) (label_replace(${expression}, "group", "$1", "rule_group", ".+;(.+)"))`;
const ENDPOINT = '{{job}} {{instance}}';

export const telemetry = board({
  uid: 'tta-telemetry',
  title: 'TTA / Telemetry Health',
  description: 'Whether what the other dashboards show can be believed: nothing lost, nothing stale, nothing cut off.',
  rows: [
    [
      'In the time shown',
      [
        quarter({
          title: 'Spans lost',
          description: 'Spans that ended and never reached the collector. Metrics are not touched by it.',
          unit: 'short',
          decimals: 0,
          queries: [[sum('', increase('$__range', lost)), 'lost']],
          thresholds: NONE_WANTED,
        }),
        quarter({
          title: 'Spans lost, of all',
          description: 'Against the executions of primitives, which have one span each where all traces are sampled.',
          unit: 'percentunit',
          queries: [[`${sum('', increase('$__range', lost))} / ${sum('', spans)}`, 'lost']],
          thresholds: rising(0.0001, 0.01),
        }),
        quarter({
          title: 'Measurements without a series of their own',
          description:
            'Counted under __other__, because their metric held its most series. Names made of data do that. Empty: it never happened.',
          unit: 'short',
          decimals: 0,
          queries: [[sum('', increase('$__range', overflow)), 'overflow']],
          thresholds: NONE_WANTED,
        }),
        quarter({
          title: 'Largest metric',
          description: 'Series of the metric that has most, buckets counted, of one instance.',
          unit: 'short',
          decimals: 0,
          queries: [
            [`max(count by (__name__, instance) ({__name__=~"tta_.+", job=~"$job", instance=~"$instance"}))`, 'series'],
          ],
          thresholds: rising(10_000, 20_000),
        }),
      ],
    ],
    [
      'Targets',
      [
        states({
          title: 'Target health',
          description:
            'Every target of this Prometheus. A gap: Prometheus itself was away, or the target is not configured.',
          unit: 'none',
          queries: [['up', ENDPOINT]],
          mappings: UP,
          width: 24,
        }),
        third({
          title: 'Scrape duration',
          description: 'How long targets take to answer. Beyond the scrape timeout a target counts as down.',
          unit: 's',
          queries: [['scrape_duration_seconds', ENDPOINT]],
        }),
        third({
          title: 'Samples per scrape',
          description: 'How much each target says at a time; it multiplies into disk and memory.',
          unit: 'short',
          queries: [['scrape_samples_scraped', ENDPOINT]],
        }),
        third({
          title: 'New series per scrape',
          description: 'A line that does not come down to 0 is a label that never repeats itself.',
          unit: 'short',
          queries: [['scrape_series_added', ENDPOINT]],
        }),
      ],
    ],
    [
      'Application',
      [
        third({
          title: 'Spans lost by reason',
          description:
            'Per second. queue_full: more than the exporter could take; export_failed: the collector was away; shutdown: the process ended first.',
          unit: 'ops',
          queries: [[sum('reason', rate(lost)), '{{reason}}']],
        }),
        third({
          title: 'Series overflow by metric',
          description: 'Measurements per second that went to __other__. Empty: none ever did.',
          unit: 'ops',
          queries: [[sum('metric', rate(overflow)), '{{metric}}']],
        }),
        third({
          title: 'Series by metric, the ten largest',
          description: 'Active series, buckets counted, of all chosen instances.',
          unit: 'short',
          queries: [[`topk(10, ${perMetric})`, '{{__name__}}']],
        }),
        third({
          title: 'Endpoint: event loop delay, p99',
          description: 'A busy loop answers scrapes late: compare with the scrape duration.',
          unit: 's',
          queries: [[series('nodejs_eventloop_delay_p99_seconds'), '{{instance}}']],
        }),
        third({
          title: 'Prometheus: series in memory',
          description: 'Of all its targets. About 4 KiB of its memory each.',
          unit: 'short',
          queries: [['prometheus_tsdb_head_series', '{{instance}}']],
        }),
        third({
          title: 'Prometheus: samples taken in',
          description: 'Per second.',
          unit: 'ops',
          queries: [['rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval])', '{{instance}} {{type}}']],
        }),
        third({
          title: 'Prometheus: rule evaluation',
          description: 'The time each group of rules takes. Beyond its interval evaluations are missed.',
          unit: 's',
          queries: [[byGroup('prometheus_rule_group_last_duration_seconds'), '{{group}}']],
        }),
        third({
          title: 'Prometheus: failed rules',
          description: 'Evaluations per second that failed: an alert that cannot fire.',
          unit: 'ops',
          queries: [[byGroup('rate(prometheus_rule_evaluation_failures_total[$__rate_interval])'), '{{group}}']],
        }),
        third({
          title: 'Prometheus: notifications',
          description: 'Alerts per second that were dropped on the way to the Alertmanager, or whose delivery failed.',
          unit: 'ops',
          queries: [
            ['sum(rate(prometheus_notifications_dropped_total[$__rate_interval]))', 'dropped'],
            [
              'sum by (alertmanager) (rate(prometheus_notifications_errors_total[$__rate_interval]))',
              '{{alertmanager}}',
            ],
          ],
        }),
      ],
    ],
    collectorRow,
  ],
});
