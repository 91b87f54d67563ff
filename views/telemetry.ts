import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import { DURATION_BOUNDS } from './buckets.ts';
import type { Row } from './row.ts';

/** Metrics about telemetry: what was lost, and the scrapes. */
export const telemetry: readonly Row[] = [
  {
    instrument: INSTRUMENT.spansLost,
    metric: 'tta_spans_lost_total',
    type: 'counter',
    labels: { [ATTR.lossReason]: 'reason' },
    meaning:
      'spans that ended but were not delivered, by reason: `queue_full`, `export_failed`, `shutdown`, `instrumentation_error`',
  },
  {
    instrument: INSTRUMENT.seriesOverflow,
    metric: 'tta_series_overflow_total',
    type: 'counter',
    labels: { [ATTR.instrument]: 'metric' },
    meaning:
      'measurements that went to the series `__other__`, or of a gauge to none, because their metric or all metrics together had reached their limit of series; `metric` can be one of your own',
  },
  {
    instrument: INSTRUMENT.scrapeDuration,
    metric: 'tta_scrape_duration_seconds',
    type: 'histogram',
    labels: {},
    bounds: DURATION_BOUNDS,
    meaning: 'how long the endpoint took to collect and to write the metrics',
  },
  {
    instrument: INSTRUMENT.scrapeSize,
    metric: 'tta_scrape_size_bytes',
    type: 'gauge',
    labels: {},
    combine: 'own',
    meaning: 'size of the scrape before this one, uncompressed',
  },
  {
    instrument: INSTRUMENT.scrapeSamples,
    metric: 'tta_scrape_samples',
    type: 'gauge',
    labels: {},
    combine: 'own',
    meaning: 'samples (lines) of the scrape before this one',
  },
  {
    instrument: INSTRUMENT.scrapeSeries,
    metric: 'tta_scrape_series',
    type: 'gauge',
    labels: {},
    combine: 'own',
    meaning: 'series of the scrape before this one; the lines of a histogram that differ only in `le` are one series',
  },
  {
    instrument: INSTRUMENT.scrapeDropped,
    metric: 'tta_scrape_dropped_total',
    type: 'counter',
    labels: { [ATTR.lossReason]: 'reason' },
    meaning:
      'measurements that no scrape shows, by reason: `name` (no usable name), `conflict` (another metric has the name), `unsupported` (a kind of metric without a text format), `invalid` (a value that its type does not allow), `limit` (no room for another metric)',
  },
  {
    instrument: INSTRUMENT.scrapeCallbackErrors,
    metric: 'tta_scrape_callback_errors_total',
    type: 'counter',
    labels: { [ATTR.lossReason]: 'reason' },
    meaning: 'callbacks of observable instruments that gave no values, by reason: `failed`, `timeout`',
  },
  {
    instrument: INSTRUMENT.scrapeFailures,
    metric: 'tta_scrape_failures_total',
    type: 'counter',
    labels: {},
    meaning: 'scrapes that were answered with status 503 because nothing could be collected',
  },
  {
    instrument: INSTRUMENT.scrapeWorkers,
    metric: 'tta_scrape_workers',
    type: 'gauge',
    labels: { [ATTR.workerState]: 'state' },
    combine: 'sum',
    meaning: 'other processes and threads at the last scrape, by state: `answered`, `stuck` (no answer in time)',
  },
  {
    instrument: INSTRUMENT.metricsPushFailures,
    metric: 'tta_metrics_push_failures_total',
    type: 'counter',
    labels: {},
    meaning: 'deliveries of the metrics by OTLP that failed',
  },
];
