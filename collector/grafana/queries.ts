/** PromQL for the dashboards: every selector has the variables of the dashboard. */

/** Matchers for the variables `job` and `instance` of a dashboard. */
const TARGET = ['job=~"$job"', 'instance=~"$instance"'];

/** The series of a metric, for the selected jobs and instances. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[...TARGET, ...matchers].join(', ')}}`;
}

/** The increase per second, over a window that is always longer than the scrape interval. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[$__rate_interval])`;
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
  return `${expression} and on (job, instance) ${series('nodejs_heap_size_used_bytes')}`;
}

/** @param by the labels that are kept; `''` for none */
export function sum(by: string, expression: string): string {
  return by === '' ? `sum(${expression})` : `sum by (${by}) (${expression})`;
}

/** A quantile of the recent observations of a histogram. `histogram` is its name without `_bucket`. */
export function quantile(q: number, by: string, histogram: string, ...matchers: readonly string[]): string {
  const labels = by === '' ? 'le' : `le, ${by}`;
  return `histogram_quantile(${q}, ${sum(labels, rate(`${histogram}_bucket`, ...matchers))})`;
}

/** The mean of the recent observations of a histogram. */
export function mean(by: string, histogram: string, ...matchers: readonly string[]): string {
  return `${sum(by, rate(`${histogram}_sum`, ...matchers))} / ${sum(by, rate(`${histogram}_count`, ...matchers))}`;
}

/** The share of `hits` in the sum of `hits` and `misses`. Both must be aggregated expressions. */
export function share(hits: string, misses: string): string {
  return `${hits} / (${hits} + ${misses})`;
}
