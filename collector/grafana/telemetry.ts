import { collectorRow } from './collector-row.ts';
import { createDashboard } from './dashboard.ts';
import { endpointRow } from './endpoint-row.ts';
import { type PanelOptions, rangeStat, stateTimeline, timeSeries } from './panels.ts';
import { aggregate, increase, placed, rate, rateOf, series, shared, sum } from './queries.ts';
import { highIsBad, RED_ABOVE_ZERO, UP } from './thresholds.ts';

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });
const quarterStat = (options: Omit<PanelOptions, 'width'>) => rangeStat({ ...options, width: 6 });
const lost = 'tta_spans_lost_total';
const overflow = 'tta_series_overflow_total';
/** Each primitive execution has one span when every trace is sampled. */
const spans = increase('$__range', 'tta_primitive_executions_total');
const own = series('', '__name__=~"tta_.+"');
/** Prometheus puts the file before the name of a group; the file is removed. */
const byGroup = (expression: string) =>
  sum('group', `label_replace(${expression}, "group", "$1", "rule_group", ".+;(.+)")`);
const ENDPOINT = '{{job}} {{instance}}';

export const telemetry = createDashboard({
  uid: 'tta-telemetry',
  title: 'TTA / Telemetry Health',
  description: 'Whether the other dashboards are reliable: whether spans, series or scrapes are missing.',
  rows: [
    [
      'In the time shown',
      [
        quarterStat({
          title: 'Spans lost',
          description: 'Spans that ended but did not reach the collector. Metrics are not affected.',
          unit: 'short',
          decimals: 0,
          queries: [[sum('', increase('$__range', lost)), 'lost']],
          thresholds: RED_ABOVE_ZERO,
        }),
        quarterStat({
          title: 'Spans lost, of all',
          description: 'The share of lost spans. It is exact when all traces are sampled, with one span per execution.',
          unit: 'percentunit',
          queries: [[`${sum('', increase('$__range', lost))} / ${sum('', spans)}`, 'lost']],
          thresholds: highIsBad(0.0001, 0.01),
        }),
        quarterStat({
          title: 'Measurements without a series of their own',
          description:
            'Measurements counted as __other__, because their metric or their process had reached its limit of series. The usual cause is data in names or labels. It is empty when it never happened.',
          unit: 'short',
          decimals: 0,
          queries: [[sum('', increase('$__range', overflow)), 'overflow']],
          thresholds: RED_ABOVE_ZERO,
        }),
        quarterStat({
          title: 'Largest metric',
          description: 'The largest number of series that one metric has at one instance. Each bucket is a series.',
          unit: 'short',
          decimals: 0,
          queries: [[aggregate('max', '', aggregate('count', '__name__, job, instance', own)), 'series']],
          thresholds: highIsBad(10_000, 20_000),
        }),
      ],
    ],
    [
      'Targets',
      [
        stateTimeline({
          title: 'Target health',
          description:
            'Every target in the selected clusters and namespaces. In a gap, Prometheus was down or the target was not configured.',
          unit: 'none',
          queries: [[placed('up'), ENDPOINT]],
          mappings: UP,
          width: 24,
        }),
        narrowTimeSeries({
          title: 'Scrape duration',
          description: 'How long targets take to answer. A target that exceeds the scrape timeout counts as down.',
          unit: 's',
          queries: [[placed('scrape_duration_seconds'), ENDPOINT]],
        }),
        narrowTimeSeries({
          title: 'Samples per scrape',
          description: 'The number of samples in one answer. Disk and memory of Prometheus grow with it.',
          unit: 'short',
          queries: [[placed('scrape_samples_scraped'), ENDPOINT]],
        }),
        narrowTimeSeries({
          title: 'New series per scrape',
          description: 'If a line does not return to 0, a label has a new value at each scrape.',
          unit: 'short',
          queries: [[placed('scrape_series_added'), ENDPOINT]],
        }),
      ],
    ],
    endpointRow,
    [
      'Application',
      [
        narrowTimeSeries({
          title: 'Spans lost by reason',
          description:
            'Per second. queue_full: there were more spans than the exporter could send. export_failed: the collector was down. shutdown: the process ended first.',
          unit: 'ops',
          queries: [[sum('reason', rate(lost)), '{{reason}}']],
        }),
        narrowTimeSeries({
          title: 'Series overflow by metric',
          description: 'Measurements per second that were counted as __other__. It is empty when it never happened.',
          unit: 'ops',
          queries: [[sum('metric', rate(overflow)), '{{metric}}']],
        }),
        narrowTimeSeries({
          title: 'Series by metric, the ten largest',
          description: 'Active series of all selected instances. Each bucket is a series.',
          unit: 'short',
          queries: [[`topk(10, ${aggregate('count', '__name__', own)})`, '{{__name__}}']],
        }),
        narrowTimeSeries({
          title: 'Endpoint: event loop delay',
          description:
            'The 99th percentile, and the longest of the last 30 to 60 seconds. A busy event loop answers scrapes late. Compare with the scrape duration.',
          unit: 's',
          queries: [
            [aggregate('max', 'instance', series('nodejs_eventloop_delay_p99_seconds')), '{{instance}} p99'],
            [aggregate('max', 'instance', series('nodejs_eventloop_delay_max_seconds')), '{{instance}} longest'],
          ],
        }),
        narrowTimeSeries({
          title: 'Prometheus: series in memory',
          description: 'Series of all its targets. Each takes about 4 KiB of the memory of Prometheus.',
          unit: 'short',
          queries: [[shared('prometheus_tsdb_head_series'), '{{instance}}']],
        }),
        narrowTimeSeries({
          title: 'Prometheus: samples taken in',
          description: 'Per second.',
          unit: 'ops',
          queries: [[rateOf(shared('prometheus_tsdb_head_samples_appended_total')), '{{instance}} {{type}}']],
        }),
        narrowTimeSeries({
          title: 'Prometheus: rule evaluation',
          description:
            'The time of one evaluation of each rule group. If it exceeds the interval, evaluations are skipped.',
          unit: 's',
          queries: [[byGroup(shared('prometheus_rule_group_last_duration_seconds')), '{{group}}']],
        }),
        narrowTimeSeries({
          title: 'Prometheus: failed rules',
          description: 'Failed evaluations per second. An alert whose evaluation fails cannot fire.',
          unit: 'ops',
          queries: [[byGroup(rateOf(shared('prometheus_rule_evaluation_failures_total'))), '{{group}}']],
        }),
        narrowTimeSeries({
          title: 'Prometheus: notifications',
          description: 'Alerts per second that did not reach Alertmanager: dropped, or with a failed delivery.',
          unit: 'ops',
          queries: [
            [sum('', rateOf(shared('prometheus_notifications_dropped_total'))), 'dropped'],
            [sum('alertmanager', rateOf(shared('prometheus_notifications_errors_total'))), '{{alertmanager}}'],
          ],
        }),
      ],
    ],
    collectorRow,
  ],
});
