/** Checks Prometheus through its HTTP API. */
import type { ClockReading } from './clock.ts';
import { LOOPBACK } from './endpoint.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import type { HttpRequest } from './http-request.ts';
import { REMEDY } from './remedies.ts';

export interface PrometheusResult {
  readonly findings: readonly Finding[];
  /** The time of the Prometheus server; `undefined` when it does not answer. */
  readonly time?: Pick<ClockReading, 'time' | 'sentAt' | 'receivedAt'>;
}

export interface PrometheusOptions {
  readonly url: string;
  /** Whether the user named no address. A default address that refuses the connection is a warning only. */
  readonly isDefault: boolean;
  /** The endpoint that should be one of the targets. */
  readonly metricsUrl: string;
  /** The start of the observed process, in Unix seconds. It identifies a target that has another address. */
  readonly processStart: number | undefined;
}

interface Target {
  readonly scrapeUrl: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly lastError: string;
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** Returns `data` of a response. Rejects when there is no response, or when the response is not JSON. */
type PrometheusApi = <T>(path: string) => Promise<T>;

const DEPENDENT_CHECKS = ['target', 'labels', 'targets', 'rules'] as const;

export async function checkPrometheus(request: HttpRequest, options: PrometheusOptions): Promise<PrometheusResult> {
  const { url, isDefault } = options;
  const { response, failure: failed } = await request(`${url}/api/v1/query?query=time()`);
  const time = response === undefined ? undefined : parseTime(response.text);
  if (time === undefined || response === undefined) {
    const detail = `${url}: ${failed?.message ?? `answers ${response?.status}, but not as Prometheus does`}`;
    const verdict = isDefault && failed?.kind === 'refused' ? warning : failure;
    const finding = verdict('prometheus', detail, REMEDY.noPrometheus);
    return { findings: [finding, ...DEPENDENT_CHECKS.map((check) => skipped(check, 'Prometheus does not answer'))] };
  }
  const api: PrometheusApi = async <T>(path: string) => {
    const result = await request(`${url}/api/v1/${path}`);
    if (result.response === undefined) throw new Error(result.failure.message);
    return (JSON.parse(result.response.text) as { data: T }).data;
  };
  const run = (check: string, finding: () => Promise<Finding>) =>
    finding().catch((error: Error) =>
      failure(check, `Prometheus did not answer: ${error.message}`, REMEDY.noPrometheus),
    );
  const targets = await api<{ activeTargets: Target[] }>('targets?state=active').then(
    ({ activeTargets }) => activeTargets,
    () => [],
  );
  return {
    findings: [
      ok('prometheus', `${url} answers in ${(response.receivedAt - response.sentAt).toFixed(0)} ms`),
      await run('target', () => ownTarget(api, targets, options)),
      await run('labels', () => jobLabel(api)),
      allTargets(targets),
      await run('rules', () => rules(api)),
    ],
    time: { time, sentAt: response.sentAt, receivedAt: response.receivedAt },
  };
}

/** The result of the query `time()`, in milliseconds since the epoch. */
function parseTime(text: string): number | undefined {
  try {
    const seconds = Number((JSON.parse(text) as { data: { result: [number, string] } }).data.result[1]);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

async function ownTarget(
  api: PrometheusApi,
  targets: readonly Target[],
  { metricsUrl, processStart }: PrometheusOptions,
): Promise<Finding> {
  const { result } = await api<{ result: { metric: { instance?: string }; value: [number, string] }[] }>(
    'query?query=process_start_time_seconds',
  );
  const instances = result
    .filter(({ value }) => processStart !== undefined && Math.abs(Number(value[1]) - processStart) < 1e-3)
    .map(({ metric }) => metric.instance);
  const found = targets.find(
    ({ scrapeUrl, labels }) => sameAddress(scrapeUrl, metricsUrl) || instances.includes(labels.instance),
  );
  if (found === undefined) {
    return failure('target', `${metricsUrl} is not one of its ${targets.length} targets`, REMEDY.notScraped);
  }
  const { scrapeUrl, health, lastError } = found;
  if (health === 'down')
    return failure('target', `Prometheus cannot scrape ${scrapeUrl}: ${lastError}`, REMEDY.targetDown);
  if (health !== 'up') return warning('target', `Prometheus has not scraped ${scrapeUrl} yet`, REMEDY.notScraped);
  return ok('target', `Prometheus scrapes ${scrapeUrl}`);
}

function sameAddress(first: string, second: string): boolean {
  const [a, b] = [new URL(first), new URL(second)];
  const host = ({ hostname }: URL) => (LOOPBACK.includes(hostname) ? 'localhost' : hostname);
  return host(a) === host(b) && a.port === b.port && a.pathname === b.pathname;
}

async function jobLabel(api: PrometheusApi): Promise<Finding> {
  const query = encodeURIComponent('count by (job, exported_job) (tta_spans_lost_total)');
  const { result } = await api<{ result: { metric: { job?: string; exported_job?: string } }[] }>(
    `query?query=${query}`,
  );
  if (result.length === 0) return skipped('labels', 'Prometheus has no series of this package');
  const renamed = result.filter(({ metric }) => metric.exported_job !== undefined).map(({ metric }) => metric.job);
  return renamed.length > 0
    ? failure(
        'labels',
        `In series of the job ${renamed.join(', ')}, the job of the endpoint is called exported_job`,
        REMEDY.exportedJob,
      )
    : ok('labels', 'The series have the job that the endpoint sends');
}

function allTargets(targets: readonly Target[]): Finding {
  const down = targets.filter(({ health }) => health === 'down');
  const list = down.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`).join('; ');
  return down.length > 0
    ? failure('targets', `${down.length} of ${targets.length} targets are down: ${list}`, REMEDY.targetDown)
    : ok('targets', `0 of ${targets.length} targets are down`);
}

async function rules(api: PrometheusApi): Promise<Finding> {
  const { groups } = await api<{ groups: { rules: Rule[] }[] }>('rules');
  const all = groups.flatMap((group) => group.rules);
  if (all.length === 0) return warning('rules', 'Prometheus has no rules', REMEDY.noRules);
  const failing = all.filter(({ health }) => health === 'err');
  const list = failing.map(({ name, lastError = '' }) => `${name}: ${lastError}`).join('; ');
  if (failing.length > 0)
    return failure('rules', `${failing.length} of ${all.length} rules fail: ${list}`, REMEDY.ruleFails);
  const evaluated = all.filter(({ health }) => health === 'ok').length;
  const others = evaluated < all.length ? ', the others have not been evaluated yet' : '';
  return ok('rules', `${evaluated} of ${all.length} rules evaluate${others}`);
}
