/**
 * Panels of the metrics that the gateway computes from spans. Their exemplars open traces. Without a gateway these
 * panels are empty. Spans do not carry the instance, and often no cluster or namespace.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { timeSeries } from './panels.ts';
import { quantileOf, rateOf, shared, sum } from './queries.ts';

const rate = (metric: string, matcher: string) =>
  rateOf(shared(`traces_span_metrics_${metric}`, 'namespace=~"$namespace|"', 'job=~"$job"', matcher));
const bucket = rate('duration_seconds_bucket', 'span_name=~"invoke_workflow.*"');

export const spanRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'From spans, where a gateway runs',
  [
    timeSeries({
      title: 'Latency from spans, p95',
      description: 'Workflow executions whose spans arrived.',
      unit: 's',
      queries: [[quantileOf(0.95, 'span_name', bucket), '{{span_name}}']],
    }),
    timeSeries({
      title: 'Failed spans, the ten most frequent',
      description:
        'Per second, by the name of the span. They show where a failure starts. It is empty when there are none.',
      unit: 'ops',
      queries: [
        [`topk(10, ${sum('span_name', rate('calls_total', 'status_code="STATUS_CODE_ERROR"'))} > 0)`, '{{span_name}}'],
      ],
    }),
  ],
];
