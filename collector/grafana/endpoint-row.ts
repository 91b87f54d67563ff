/** Panels of the endpoint of the metrics: what each scrape costs, and what it does not show. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type PanelOptions, timeSeries } from './panels.ts';
import { quantile, rate, series, sum } from './queries.ts';

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });

export const endpointRow: readonly [title: string, panels: readonly Builder<Panel>[]] = [
  'Endpoint',
  [
    narrowTimeSeries({
      title: 'Time to collect and write, p95',
      description:
        'What the endpoint itself takes of a scrape. The rest of the scrape duration is the network and a busy event loop.',
      unit: 's',
      queries: [[quantile(0.95, 'instance', 'tta_scrape_duration_seconds'), '{{instance}}']],
    }),
    narrowTimeSeries({
      title: 'Size of a scrape',
      description: 'Uncompressed. It grows with the number of series and the length of their labels.',
      unit: 'bytes',
      queries: [[series('tta_scrape_size_bytes'), '{{instance}}']],
    }),
    narrowTimeSeries({
      title: 'Samples and series of a process',
      description:
        'At 50,000 samples new series are counted as __other__. A histogram is one series here, with a sample per bucket.',
      unit: 'short',
      queries: [
        [series('tta_scrape_samples'), '{{instance}} samples'],
        [series('tta_scrape_series'), '{{instance}} series'],
      ],
    }),
    narrowTimeSeries({
      title: 'Measurements that no scrape shows',
      description:
        'Per second. conflict: two metrics have one name. name: no usable name. unsupported: a kind of metric without a text format. invalid: a value that its type does not allow. limit: no room for another metric.',
      unit: 'ops',
      queries: [[sum('reason', rate('tta_scrape_dropped_total')), '{{reason}}']],
    }),
    narrowTimeSeries({
      title: 'Callbacks that gave no values',
      description:
        'Per second, of observable instruments. timeout: a callback did not end before the deadline, for which each scrape waits.',
      unit: 'ops',
      queries: [[sum('reason', rate('tta_scrape_callback_errors_total')), '{{reason}}']],
    }),
    narrowTimeSeries({
      title: 'Refused scrapes',
      description: 'Per second, with status 503: the endpoint could collect nothing.',
      unit: 'ops',
      queries: [[sum('instance', rate('tta_scrape_failures_total')), '{{instance}}']],
    }),
    narrowTimeSeries({
      title: 'Workers',
      description:
        'Processes and threads whose metrics are part of the sum, by whether they answered the last scrape. It is empty without workers.',
      unit: 'short',
      queries: [[sum('instance, state', series('tta_scrape_workers')), '{{instance}} {{state}}']],
    }),
    narrowTimeSeries({
      title: 'Metrics sent by OTLP: failed deliveries',
      description:
        'Per second. The next delivery makes up for a failed one. It is empty where no metrics are sent by OTLP.',
      unit: 'ops',
      queries: [[sum('instance', rate('tta_metrics_push_failures_total')), '{{instance}}']],
    }),
  ],
];
