/** What the endpoint of the metrics says about itself, and the delivery of metrics by OTLP. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { HistogramTable } from './histogram-table.ts';
import { ATTR, INSTRUMENT } from './semconv.ts';
import { overflow, type Series, SeriesTable } from './series-table.ts';

/** Why a measurement is not in the scrape. */
const DROP_REASONS = [
  /** No usable name is left of the metric's. */
  'name',
  /** Another metric has this name, and another type or other bounds. */
  'conflict',
  /** A kind of metric that the format has no lines for. */
  'unsupported',
  /** A value or labels that are not what their type says. */
  'invalid',
  /** There is no room for another metric. */
  'limit',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];
const CALLBACK_FAILURES = ['failed', 'timeout'] as const;
type CallbackFailure = (typeof CALLBACK_FAILURES)[number];

const duration = new HistogramTable(INSTRUMENT.scrapeDuration, { unit: 's' }, []).series();
const UNOBSERVED = { context: ROOT_CONTEXT, source: undefined };
const size = new SeriesTable(INSTRUMENT.scrapeSize, 'gauge', { unit: 'By' }, []);
const samples = new SeriesTable(INSTRUMENT.scrapeSamples, 'gauge', { unit: '{sample}' }, []);
const series = new SeriesTable(INSTRUMENT.scrapeSeries, 'gauge', { unit: '{series}' }, []);
const dropped = new SeriesTable(INSTRUMENT.scrapeDropped, 'counter', { unit: '{measurement}' }, [ATTR.lossReason]);
const callbackErrors = new SeriesTable(INSTRUMENT.scrapeCallbackErrors, 'counter', { unit: '{error}' }, [
  ATTR.lossReason,
]);
const failures = new SeriesTable(INSTRUMENT.scrapeFailures, 'counter', { unit: '{scrape}' }, []);
const workers = new SeriesTable(INSTRUMENT.scrapeWorkers, 'gauge', { unit: '{worker}' }, [ATTR.workerState]);
const pushFailures = new SeriesTable(INSTRUMENT.metricsPushFailures, 'counter', { unit: '{push}' }, []);

/** The last scrape. Until there is one, only the duration's metric exists: an unknown size is not 0. */
export function recordScrape(last: { seconds: number; bytes: number; samples: number; series: number }): void {
  duration.record(last.seconds, UNOBSERVED);
  size.series().value = last.bytes;
  samples.series().value = last.samples;
  series.series().value = last.series;
}

/** The count of measurements that no scrape shows. */
export function droppedMeasurements(reason: DropReason): Series {
  return dropped.series(reason);
}

/** The count of measurements that went to `__other__`. @param metric the name of an instrument, or of a foreign metric */
export function foldedMeasurements(metric: string): Series {
  return overflow.series(metric);
}

/** The count of callbacks of observable instruments that gave no values. */
export function failedCallbacks(reason: CallbackFailure): Series {
  return callbackErrors.series(reason);
}

/** The count of scrapes that were answered with 503. */
export function failedScrapes(): Series {
  return failures.series();
}

/** How many workers answered the last scrape, or did not. */
export function scrapedWorkers(state: 'answered' | 'stuck'): Series {
  return workers.series(state);
}

/** The count of deliveries of metrics by OTLP that failed. */
export function failedPushes(): Series {
  return pushFailures.series();
}

// They are 0 before their first event, so that `increase()` sees it.
for (const reason of DROP_REASONS) droppedMeasurements(reason);
for (const reason of CALLBACK_FAILURES) failedCallbacks(reason);
failedScrapes();
