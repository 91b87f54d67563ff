/** Checks what the endpoint says about itself: what its scrapes do not show, and which exporter it has. */
import { MAX_SAMPLES } from '../../prometheus/options.ts';
import { type Exposition, select } from '../../prometheus/parse.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpResult } from './http-request.ts';
import { REMEDY, type Remedy } from './remedies.ts';

/** Sent with a second scrape: the exporter of this package answers with OpenMetrics, OpenTelemetry's own does not. */
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';

/** Counters that stay at 0 in a healthy process. */
const COUNTERS: readonly {
  readonly check: string;
  readonly metric: string;
  readonly isZero: string;
  readonly isMore: string;
  readonly remedy: Remedy;
}[] = [
  {
    check: 'dropped',
    metric: 'tta_scrape_dropped_total',
    isZero: 'Every measurement is shown',
    isMore: 'Measurements that no scrape shows',
    remedy: REMEDY.dropped,
  },
  {
    check: 'callbacks',
    metric: 'tta_scrape_callback_errors_total',
    isZero: 'Every callback of an observable instrument gives its values',
    isMore: 'Callbacks of observable instruments that gave no values',
    remedy: REMEDY.callbacks,
  },
  {
    check: 'refusals',
    metric: 'tta_scrape_failures_total',
    isZero: 'The endpoint has refused no scrape',
    isMore: 'Scrapes that the endpoint has answered with 503',
    remedy: REMEDY.endpointFails,
  },
  {
    check: 'pushes',
    metric: 'tta_metrics_push_failures_total',
    isZero: 'Every delivery of the metrics by OTLP has succeeded',
    isMore: 'Deliveries of the metrics by OTLP that failed',
    remedy: REMEDY.pushFails,
  },
];
const CHECKS = ['exporter', 'samples', ...COUNTERS.map(({ check }) => check), 'workers'];
/** New series are folded soon above this share of the limit. */
const NEARLY_FULL = 0.8;

/**
 * @param after what the second of two scrapes gave; `undefined` when the endpoint gave nothing
 * @param openMetrics a scrape that asked for OpenMetrics
 */
export function checkScrapes(after: Exposition | undefined, openMetrics: HttpResult | undefined): Finding[] {
  if (after === undefined) return CHECKS.map((check) => skipped(check, 'the endpoint could not be read'));
  return [
    exporter(after, openMetrics),
    samples(after),
    ...COUNTERS.map((each) => counter(after, each)),
    workers(after),
  ];
}

function exporter(after: Exposition, openMetrics: HttpResult | undefined): Finding {
  const lost = select(after, 'tta_spans_lost_total');
  if (lost.length === 0) return skipped('exporter', 'the endpoint has no series of this package');
  if (lost.some(({ labels }) => labels.reason === undefined))
    return failure('exporter', 'The metrics have other labels than those of the schema', REMEDY.noViews);
  return openMetrics?.response?.contentType?.startsWith('application/openmetrics-text')
    ? ok('exporter', 'The exporter is that of this package, and has OpenMetrics')
    : warning(
        'exporter',
        'Another exporter serves the metrics, or an older one: it has no OpenMetrics',
        REMEDY.exporter,
      );
}

function samples({ samples }: Exposition): Finding {
  const detail = `${samples.length} samples, of ${MAX_SAMPLES} that a scrape may have`;
  return samples.length > NEARLY_FULL * MAX_SAMPLES
    ? warning('samples', detail, REMEDY.nearlyFull)
    : ok('samples', detail);
}

function counter(after: Exposition, { check, metric, isZero, isMore, remedy }: (typeof COUNTERS)[number]): Finding {
  const series = select(after, metric);
  if (series.length === 0) return skipped(check, `the endpoint does not have ${metric}`);
  const counted = series.filter(({ value }) => value > 0);
  const list = counted.map(({ labels: { reason }, value }) =>
    reason === undefined ? `${value}` : `${value} ${reason}`,
  );
  return counted.length === 0 ? ok(check, isZero) : warning(check, `${isMore}: ${list.join(', ')}`, remedy);
}

function workers(after: Exposition): Finding {
  const count = (state: string) => select(after, 'tta_scrape_workers', { state })[0]?.value ?? 0;
  const [answered, stuck] = [count('answered'), count('stuck')];
  if (answered + stuck === 0) return skipped('workers', 'the metrics are of one process without workers');
  const detail = `${answered} of ${answered + stuck} workers gave their metrics`;
  return stuck > 0 ? warning('workers', detail, REMEDY.workerStuck) : ok('workers', detail);
}
