/**
 * The options that the exporter and `register` share, and their checks. Its declarations name no package of the SDK: a
 * program that calls `register` may have none of them.
 */
import { fail, type Rule, type Rules } from '../core/check.ts';
import { count, flag, number, optional } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { hostOf } from '../platform/local-host.ts';

/** As in Prometheus: a set of labels is one series, of a histogram each of its lines is one sample. */
export const MAX_SERIES_PER_METRIC = 2_000;
export const MAX_SAMPLES = 50_000;
export const COLLECT_TIMEOUT_MS = 5_000;

/** The options that `register` has too. */
export interface ScrapeOptions {
  /**
   * How many sets of labels a metric has at most. What is more goes to one series whose label values are `__other__`, and
   * is counted by `tta_series_overflow_total`. The values of gauges have no sum: they are only counted. Between two
   * scrapes the SDK itself keeps up to 4 times as many sets per instrument, and of an observable instrument up to twice
   * as many; what that has stopped to observe makes room for new sets. @default 2000
   */
  readonly maxSeriesPerMetric?: number | undefined;
  /** How many lines a scrape has at most. A histogram of 14 bounds has 17 per set of labels. @default 50000 */
  readonly maxSamples?: number | undefined;
  /**
   * How long a series without a new measurement stays in the scrape, in milliseconds. Its value is kept and goes on from
   * there: this makes scrapes smaller, and the memory not. @default no limit
   */
  readonly seriesTtlMs?: number | undefined;
  /** The longest that a scrape waits for the callbacks of observable instruments, in milliseconds. @default 5000 */
  readonly collectTimeoutMs?: number | undefined;
  /**
   * The metrics are given only to requests with this bearer token: `Authorization: Bearer TOKEN`. Never shown.
   * @default TTA_PROMETHEUS_TOKEN, or none
   */
  readonly token?: string | undefined;
  /**
   * More names under which requests may reach an endpoint on loopback, such as the name that a proxy passes on. Those of
   * this machine are `localhost` and the addresses of loopback. @default TTA_PROMETHEUS_ALLOWED_HOSTS, or none
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * Whether OpenMetrics has exemplars: on durations and dollars, the trace of an execution that was sampled.
   * @default `false` with OTEL_METRICS_EXEMPLAR_FILTER=always_off, or true
   */
  readonly exemplars?: boolean | undefined;
  /**
   * Whether `process_*`, `nodejs_*` and your own gauges have one series for each process of a cluster and each worker
   * thread, with the label `worker`. Without it they are one: CPU time and memory add up, the others are the largest.
   * @default false
   */
  readonly workerLabel?: boolean | undefined;
}

/** Messages do not quote it. */
const token: Rule<string> = (where, option, value) => {
  if (typeof value === 'string' && /^[^\s\p{Cc}](?:.*[^\s\p{Cc}])?$/u.test(value)) return;
  throw new TypeError(
    `${where}: ${option} must be one line of text without spaces around it, got ${measure(value)}; ` +
      'trim what is read from a file',
  );
};

const hosts: Rule<readonly string[]> = (where, option, value) => {
  if (!Array.isArray(value)) fail(where, option, "must be a list such as ['metrics.example.com']", value);
  for (const [i, each] of value.entries()) {
    if (typeof each === 'string' && hostOf(each) !== undefined) continue;
    fail(where, `${option}[${i}]`, 'must be a name or an address such as metrics.example.com', each);
  }
};

export const host: Rule<string> = (where, option, value) => {
  if (typeof value !== 'string' || value.trim() === '') {
    fail(where, option, 'must be a name or an address such as 127.0.0.1', value);
  }
};

export const port = number({ min: 0, max: 65_535, integer: true });

export const SCRAPE_RULES: Rules<ScrapeOptions> = {
  maxSeriesPerMetric: optional(count),
  maxSamples: optional(count),
  seriesTtlMs: optional(number({ min: 1 })),
  collectTimeoutMs: optional(number({ min: 1, max: 600_000 })),
  token: optional(token),
  allowedHosts: optional(hosts),
  exemplars: optional(flag),
  workerLabel: optional(flag),
};

export function wantsExemplars({ exemplars }: ScrapeOptions): boolean {
  return exemplars ?? process.env.OTEL_METRICS_EXEMPLAR_FILTER?.trim() !== 'always_off';
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly allowedHosts: readonly string[];
}

type Wanted = { readonly [Name in keyof Place]: Place[Name] | undefined };

export const DEFAULT_PORT = 9_464;

/** Where the endpoint listens and for whom: this machine only, unless the author or the environment says otherwise. */
export function placeOf({ host, port, token, allowedHosts }: Partial<Wanted>): Place {
  const variable = (name: string) => process.env[name]?.trim() || undefined;
  const number = Number(variable('OTEL_EXPORTER_PROMETHEUS_PORT') ?? DEFAULT_PORT);
  const isPort = Number.isInteger(number) && number >= 0 && number <= 65_535;
  return {
    // Without the brackets that an IPv6 address has in a URL.
    host: (host ?? variable('OTEL_EXPORTER_PROMETHEUS_HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1'),
    port: port ?? (isPort ? number : DEFAULT_PORT),
    token: token ?? variable('TTA_PROMETHEUS_TOKEN'),
    allowedHosts: allowedHosts ?? variable('TTA_PROMETHEUS_ALLOWED_HOSTS')?.split(/[\s,]+/) ?? [],
  };
}
