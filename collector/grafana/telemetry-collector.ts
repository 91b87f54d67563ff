/** The collector's own metrics, where one is scraped. Releases differ in whether counters end in `_total`. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { graph, type PanelOptions } from './panels.ts';

const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });
const rate = (counter: string) => `rate({__name__=~"otelcol_${counter}(_total)?"}[$__rate_interval])`;

export const collectorRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'Collector',
  [
    third({
      title: 'Spans received',
      description: 'Per second, accepted and refused. A refusal is counted as lost by the application that sent them.',
      unit: 'ops',
      queries: [
        [`sum by (instance) (${rate('receiver_accepted_spans')})`, '{{instance}} accepted'],
        [`sum by (instance) (${rate('receiver_refused_spans')})`, '{{instance}} refused'],
      ],
    }),
    third({
      title: 'Spans sent on',
      description: 'Per second, by exporter; failed are those given up or thrown away for want of room.',
      unit: 'ops',
      queries: [
        [`sum by (exporter) (${rate('exporter_sent_spans')})`, '{{exporter}} sent'],
        [`sum by (exporter) (${rate('exporter_send_failed_spans')})`, '{{exporter}} failed'],
      ],
    }),
    third({
      title: 'Queues',
      description: 'How full each queue is. One that stays full means that what is behind it is too slow or away.',
      unit: 'percentunit',
      queries: [['otelcol_exporter_queue_size / otelcol_exporter_queue_capacity', '{{instance}} {{exporter}}']],
      max: 1,
    }),
    third({
      title: 'Memory',
      description: 'Resident memory. Near its limit the collector refuses work.',
      unit: 'bytes',
      queries: [['{__name__=~"otelcol_process_memory_rss(_bytes)?"}', '{{instance}}']],
    }),
    third({
      title: 'CPU',
      description: 'Cores in use.',
      unit: 'short',
      queries: [
        [
          `sum by (instance) (rate({__name__=~"otelcol_process_cpu_seconds(_total)?"}[$__rate_interval]))`,
          '{{instance}}',
        ],
      ],
    }),
    third({
      title: 'Uptime',
      description: 'A saw is a crash loop.',
      unit: 's',
      queries: [['{__name__=~"otelcol_process_uptime(_seconds)?(_total)?"}', '{{instance}}']],
    }),
  ],
];
