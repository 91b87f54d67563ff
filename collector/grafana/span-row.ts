/**
 * Panels of the metrics that the gateway computes from spans. Their exemplars open traces. Without a gateway these
 * panels are empty. There is no matcher for the instance, because spans do not carry it.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { timeSeries } from './panels.ts';

const rate = (metric: string, matcher: string) =>
  `rate(traces_span_metrics_${metric}{job=~"$job", ${matcher}}[$__rate_interval])`;
const bucket = rate('duration_seconds_bucket', 'span_name=~"invoke_workflow.*"');

export const spanRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'From spans, where a gateway runs',
  [
    timeSeries({
      title: 'Latency from spans, p95',
      description: 'Workflow executions whose spans arrived. A click on a point opens its trace, if it was kept.',
      unit: 's',
      queries: [[`histogram_quantile(0.95, sum by (le, span_name) (${bucket}))`, '{{span_name}}']],
    }),
    timeSeries({
      title: 'Failed spans, the ten most frequent',
      description:
        'Per second, by the name of the span. They show where a failure starts. It is empty when there are none.',
      unit: 'ops',
      queries: [
        [
          `topk(10, sum by (span_name) (${rate('calls_total', 'status_code="STATUS_CODE_ERROR"')}) > 0)`,
          '{{span_name}}',
        ],
      ],
    }),
  ],
];
