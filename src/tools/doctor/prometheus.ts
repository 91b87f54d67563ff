/** Checks Prometheus through its HTTP API. */
import { readProperty } from '../../platform/read-property.ts';
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

/** Returns a list of the response: the one at these keys below `data`. Rejects when there is none. */
type PrometheusApi = (path: string, ...keys: string[]) => Promise<readonly unknown[]>;

/** A value inside of an answer; `undefined` where another server has something else there. */
const at = (value: unknown, ...keys: PropertyKey[]) => keys.reduce(readProperty, value);

function textAt(value: unknown, ...keys: PropertyKey[]): string {
  const text = at(value, ...keys);
  return typeof text === 'string' ? text : '';
}

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
  const api: PrometheusApi = async (path, ...keys) => {
    const result = await request(`${url}/api/v1/${path}`);
    if (result.response === undefined) throw new Error(result.failure.message);
    const list = at(JSON.parse(result.response.text), 'data', ...keys);
    if (!Array.isArray(list)) throw new Error(`its answer has no data.${keys.join('.')}`);
    return list;
  };
  const run = (check: string, finding: () => Promise<Finding>) =>
    finding().catch((error: Error) =>
      failure(check, `Prometheus did not answer: ${error.message}`, REMEDY.noPrometheus),
    );
  const targets = await api('targets?state=active', 'activeTargets').catch(() => []);
  return {
    findings: [
      ok('prometheus', `${url} answers in ${(response.receivedAt - response.sentAt).toFixed(0)} ms`),
      await run('target', () => ownTarget(api, targets, options)),
      await run('labels', () => jobLabel(api)),
      allTargets(targets),
      await run('rules', () => rules(api, targets, options)),
    ],
    time: { time, sentAt: response.sentAt, receivedAt: response.receivedAt },
  };
}

/** The result of the query `time()`, in milliseconds since the epoch. */
function parseTime(text: string): number | undefined {
  try {
    const seconds = Number(at(JSON.parse(text), 'data', 'result', 1) ?? Number.NaN);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

async function ownTarget(
  api: PrometheusApi,
  targets: readonly unknown[],
  { metricsUrl, processStart }: PrometheusOptions,
): Promise<Finding> {
  const starts = await api('query?query=process_start_time_seconds', 'result');
  const instances = starts
    .filter((start) => processStart !== undefined && Math.abs(Number(at(start, 'value', 1)) - processStart) < 1e-3)
    .map((start) => textAt(start, 'metric', 'instance'));
  const found = targets.find(
    (target) =>
      sameAddress(textAt(target, 'scrapeUrl'), metricsUrl) || instances.includes(textAt(target, 'labels', 'instance')),
  );
  if (found === undefined) {
    const none = 'Prometheus has no targets; in the first 10 s after its start that is normal';
    const detail = targets.length === 0 ? none : `${metricsUrl} is not one of its ${targets.length} targets`;
    return failure('target', detail, REMEDY.notScraped);
  }
  const [scrapeUrl, health] = [textAt(found, 'scrapeUrl'), textAt(found, 'health')];
  if (health === 'down')
    return failure('target', `Prometheus cannot scrape ${scrapeUrl}: ${textAt(found, 'lastError')}`, REMEDY.targetDown);
  if (health !== 'up') return warning('target', `Prometheus has not scraped ${scrapeUrl} yet`, REMEDY.notScraped);
  return ok('target', `Prometheus scrapes ${scrapeUrl}`);
}

function sameAddress(first: string, second: string): boolean {
  if (!URL.canParse(first)) return false;
  const [a, b] = [new URL(first), new URL(second)];
  const host = ({ hostname }: URL) => (LOOPBACK.includes(hostname) ? 'localhost' : hostname);
  return host(a) === host(b) && a.port === b.port && a.pathname === b.pathname;
}

async function jobLabel(api: PrometheusApi): Promise<Finding> {
  const query = encodeURIComponent('count by (job, exported_job) (tta_spans_lost_total)');
  const result = await api(`query?query=${query}`, 'result');
  if (result.length === 0) return skipped('labels', 'Prometheus has no series of this package');
  const renamed = result
    .filter((series) => textAt(series, 'metric', 'exported_job') !== '')
    .map((series) => textAt(series, 'metric', 'job'));
  return renamed.length > 0
    ? failure(
        'labels',
        `In series of the job ${renamed.join(', ')}, the job of the endpoint is called exported_job`,
        REMEDY.exportedJob,
      )
    : ok('labels', 'The series have the job that the endpoint sends');
}

/** The jobs of `tta export prometheus` for programs that a small installation does not have. */
const OPTIONAL_JOBS = ['otel-collector', 'alertmanager', 'grafana', 'jaeger', 'tempo'];

function allTargets(targets: readonly unknown[]): Finding {
  const down = targets.filter((target) => textAt(target, 'health') === 'down');
  if (down.length === 0) return ok('targets', `0 of ${targets.length} targets are down`);
  const list = down.map((target) => `${textAt(target, 'scrapeUrl')}: ${textAt(target, 'lastError')}`).join('; ');
  const verdict = down.every((target) => OPTIONAL_JOBS.includes(textAt(target, 'labels', 'job'))) ? warning : failure;
  return verdict('targets', `${down.length} of ${targets.length} targets are down: ${list}`, REMEDY.targetDown);
}

async function rules(
  api: PrometheusApi,
  targets: readonly unknown[],
  { metricsUrl }: PrometheusOptions,
): Promise<Finding> {
  const groups = await api('rules', 'groups');
  const all = groups.flatMap((group) => at(group, 'rules') ?? []);
  if (all.length === 0) return warning('rules', 'Prometheus has no rules', REMEDY.noRules);
  const failing = all.filter((rule) => textAt(rule, 'health') === 'err');
  const list = failing.map((rule) => `${textAt(rule, 'name')}: ${textAt(rule, 'lastError')}`).join('; ');
  if (failing.length > 0)
    return failure('rules', `${failing.length} of ${all.length} rules fail: ${list}`, REMEDY.ruleFails);
  const evaluated = all.filter((rule) => textAt(rule, 'health') === 'ok').length;
  const others = evaluated < all.length ? ', the others have not been evaluated yet' : '';
  const own = targets.find((target) => sameAddress(textAt(target, 'scrapeUrl'), metricsUrl));
  const job = textAt(own, 'labels', 'job');
  const seen = await api(`query?query=${encodeURIComponent('count by (job) (tta:service_down)')}`, 'result');
  if (others === '' && job !== '' && !seen.some((series) => textAt(series, 'metric', 'job') === job))
    return failure('rules', `The rules look for other scrape jobs than ${job}`, REMEDY.otherJob);
  return ok('rules', `${evaluated} of ${all.length} rules evaluate${others}`);
}
