/**
 * What the gateway computes from spans. Its points are exemplars: each opens the trace that it was. Without a gateway
 * these panels are empty; the others do not need one. No span says at which instance it was made.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { graph } from './panels.ts';

const rate = (metric: string, matcher: string) =>
  `rate(traces_span_metrics_${metric}{job=~"$job", ${matcher}}[$__rate_interval])`;
const bucket = rate('duration_seconds_bucket', 'span_name=~"invoke_workflow.*"');

export const spanRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'From spans, where a gateway runs',
  [
    graph({
      title: 'Latency from spans, p95',
      description: 'Workflow executions whose spans came in. Click on a point to open its trace, if it was kept.',
      unit: 's',
      exemplars: true,
      queries: [[`histogram_quantile(0.95, sum by (le, span_name) (${bucket}))`, '{{span_name}}']],
    }),
    graph({
      title: 'Failed spans, the ten most frequent',
      description: 'Per second, by the name of the span: where failures begin, beside where they end up. Empty: none.',
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
