/** PromQL as the dashboards write it: every selector carries the dashboard's variables. */

/** The matchers of a dashboard's job and instance variables. */
const TARGET = ['job=~"$job"', 'instance=~"$instance"'];

/** The series of a metric of the targets that the dashboard shows. */
export function series(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${[...TARGET, ...matchers].join(', ')}}`;
}

/** Per second, over a window that never falls between two scrapes. */
export function rate(metric: string, ...matchers: readonly string[]): string {
  return `rate(${series(metric, ...matchers)}[$__rate_interval])`;
}

/** How much a counter grew in `window`: `1h`, or `$__range`, the time that the dashboard shows. */
export function increase(window: string, metric: string, ...matchers: readonly string[]): string {
  return `increase(${series(metric, ...matchers)}[${window}])`;
}

/**
 * Only of processes of ours: Prometheus client libraries elsewhere say the same of theirs, and where the job stands at
 * All their series are chosen too.
 */
export function ours(expression: string): string {
  return `${expression} and on (job, instance) ${series('nodejs_heap_size_used_bytes')}`;
}

/** @param by labels that are kept, `''` for none */
export function sum(by: string, expression: string): string {
  return by === '' ? `sum(${expression})` : `sum by (${by}) (${expression})`;
}

/** A quantile of a histogram's observations of late. `histogram` is its name without `_bucket`. */
export function quantile(q: number, by: string, histogram: string, ...matchers: readonly string[]): string {
  const kept = by === '' ? 'le' : `le, ${by}`;
  return `histogram_quantile(${q}, ${sum(kept, rate(`${histogram}_bucket`, ...matchers))})`;
}

/** The mean of a histogram's observations of late. */
export function mean(by: string, histogram: string, ...matchers: readonly string[]): string {
  return `${sum(by, rate(`${histogram}_sum`, ...matchers))} / ${sum(by, rate(`${histogram}_count`, ...matchers))}`;
}

/** The share of `hits` in `hits` and `misses` together; both are aggregated before they meet. */
export function share(hits: string, misses: string): string {
  return `${hits} / (${hits} + ${misses})`;
}
