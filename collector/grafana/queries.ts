/**
 * PromQL for the dashboards: every selector has the variables of the dashboard. Every grouping keeps `cluster` and
 * `namespace`: staging is not added to production. Without these labels at the targets nothing changes.
 */

/** Of the outcomes of an execution, those that count: its caller did not give it up, and nothing else made it unnecessary. */
export const VALID = 'outcome!~"cancelled|superseded"';
/** Of those, the ones that are no success. */
export const FAILED = 'outcome!~"success|cancelled|superseded"';

const PLACE = ['cluster=~"$cluster"', 'namespace=~"$namespace"'];
/** Matchers for the variables that select processes. */
const TARGET = [...PLACE, 'job=~"$job"', 'instance=~"$instance"'];

const selector = (metric: string, matchers: readonly string[]) => `${metric}{${matchers.join(', ')}}`;

/** The series of a metric, for the selected jobs and instances. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return selector(metric, [...TARGET, ...matchers]);
}

/** The series of a metric that has the job of the scrape configuration and not that of the application, such as `up`. */
export function placed(metric: string, ...matchers: readonly string[]): string {
  return selector(metric, [...PLACE, ...matchers]);
}

/**
 * The series of a metric of a Collector or of Prometheus. They serve all namespaces of a cluster from one of their own,
 * and often have no label of the cluster themselves.
 *
 * @param metric the name, or `''` when a matcher has it
 */
export function shared(metric: string, ...matchers: readonly string[]): string {
  return selector(metric, ['cluster=~"$cluster|"', ...matchers]);
}

/** The increase per second, over a window that is always longer than the scrape interval. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return rateOf(series(metric, ...matchers));
}

/** As `rate`, of a selector. */
export function rateOf(counter: string): string {
  return `rate(${counter}[$__rate_interval])`;
}

/** The increase of a counter in `window`: `1h`, or `$__range`, which is the time that the dashboard shows. */
export function increase(window: string, metric: string, ...matchers: readonly string[]): string {
  return `increase(${series(metric, ...matchers)}[${window}])`;
}

/**
 * Keeps the series of processes with primitives. Other programs have metrics with the same names, from Prometheus
 * client libraries, and their series are selected too when the variable `job` is set to All.
 */
export function ownProcesses(expression: string): string {
  return `${expression} and on (cluster, namespace, job, instance) ${series('nodejs_heap_size_used_bytes')}`;
}

/**
 * Sums or compares series.
 *
 * @param by the labels that are kept, beside `cluster` and `namespace`; `''` for one number of all that is selected
 */
export function aggregate(operator: 'sum' | 'min' | 'max' | 'count', by: string, expression: string): string {
  return by === '' ? `${operator}(${expression})` : `${operator} by (cluster, namespace, ${by}) (${expression})`;
}

/** @param by as of `aggregate` */
export function sum(by: string, expression: string): string {
  return aggregate('sum', by, expression);
}

/** A quantile of the recent observations of a histogram. `histogram` is its name without `_bucket`. */
export function quantile(q: number, by: string, histogram: string, ...matchers: readonly string[]): string {
  return quantileOf(q, by, rate(`${histogram}_bucket`, ...matchers));
}

/** A quantile of what happened to the buckets of a histogram. */
export function quantileOf(q: number, by: string, buckets: string): string {
  const summed = by === '' ? `sum by (le) (${buckets})` : sum(`le, ${by}`, buckets);
  return `histogram_quantile(${q}, ${summed})`;
}

/** The recent observations of all that is selected, by bucket. */
export function bucketCounts(histogram: string, ...matchers: readonly string[]): string {
  return `sum by (le) (${increase('$__rate_interval', `${histogram}_bucket`, ...matchers)})`;
}

/** The mean of the recent observations of a histogram. */
export function mean(by: string, histogram: string, ...matchers: readonly string[]): string {
  return `${sum(by, rate(`${histogram}_sum`, ...matchers))} / ${sum(by, rate(`${histogram}_count`, ...matchers))}`;
}

/**
 * The billed dollars. The dollars of the offline model are imaginary: they are shown where there are no billed ones.
 *
 * @param expression makes the query, with more matchers
 */
export function billed(expression: (...matchers: readonly string[]) => string): string {
  return `(${expression('provider!="offline"')} or ${expression()})`;
}

/** What the description of a panel says about it. */
export const IMAGINARY_COST = 'Those of the offline model are imaginary, and shown only where there are no others.';

/** The share of `hits` in the sum of `hits` and `misses`. Both must be aggregated expressions. */
export function share(hits: string, misses: string): string {
  return `${hits} / (${hits} + ${misses})`;
}
