/** Panels of the collector's own metrics. Counters end in `_total` in some releases of the collector only. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type PanelOptions, timeSeries } from './panels.ts';
import { rateOf, shared, sum } from './queries.ts';

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });
/** @param pattern a regular expression of the name, after `otelcol_` */
const own = (pattern: string) => shared('', `__name__=~"otelcol_${pattern}"`);
const rate = (counter: string) => rateOf(own(`${counter}(_total)?`));

export const collectorRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'Collector',
  [
    narrowTimeSeries({
      title: 'Spans received',
      description: 'Per second, accepted and refused. The application that sent refused spans counts them as lost.',
      unit: 'ops',
      queries: [
        [sum('instance', rate('receiver_accepted_spans')), '{{instance}} accepted'],
        [sum('instance', rate('receiver_refused_spans')), '{{instance}} refused'],
      ],
    }),
    narrowTimeSeries({
      title: 'Spans sent on',
      description: 'Per second, by exporter. failed: dropped after the retries, or because the queue was full.',
      unit: 'ops',
      queries: [
        [sum('exporter', rate('exporter_sent_spans')), '{{exporter}} sent'],
        [sum('exporter', rate('exporter_send_failed_spans')), '{{exporter}} failed'],
      ],
    }),
    narrowTimeSeries({
      title: 'Queues',
      description: 'How full each queue is. If a queue stays full, the receiver behind it is too slow or down.',
      unit: 'percentunit',
      queries: [
        [
          `${shared('otelcol_exporter_queue_size')} / ${shared('otelcol_exporter_queue_capacity')}`,
          '{{instance}} {{exporter}}',
        ],
      ],
      max: 1,
    }),
    narrowTimeSeries({
      title: 'Memory',
      description: 'Resident memory. The collector refuses spans near its limit.',
      unit: 'bytes',
      queries: [[own('process_memory_rss(_bytes)?'), '{{instance}}']],
    }),
    narrowTimeSeries({
      title: 'CPU',
      description: 'Used cores.',
      unit: 'short',
      queries: [[sum('instance', rate('process_cpu_seconds')), '{{instance}}']],
    }),
    narrowTimeSeries({
      title: 'Uptime',
      description: 'Time since the start. If it returns to 0 again and again, the collector crashes.',
      unit: 's',
      queries: [[own('process_uptime(_seconds)?(_total)?'), '{{instance}}']],
    }),
  ],
];
