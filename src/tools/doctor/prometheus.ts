/** Prometheus as its HTTP API shows it. */
import type { Ask } from './ask.ts';
import { LOOPBACK } from './endpoint.ts';
import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

export interface PrometheusExam {
  readonly findings: readonly Finding[];
  /** Its own time and when it was asked, in milliseconds. */
  readonly time?: { readonly at: number; readonly sentAt: number; readonly receivedAt: number };
}

export interface PrometheusQuestion {
  readonly url: string;
  /** Nobody named it: that there is none is no failure. */
  readonly assumed: boolean;
  readonly metricsUrl: string;
  /** When the observed process started, in Unix seconds: by that it is known wherever it is scraped from. */
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

type Api = <T>(path: string) => Promise<T>;

const AFTER = ['target', 'labels', 'targets', 'rules'] as const;

export async function examinePrometheus(ask: Ask, question: PrometheusQuestion): Promise<PrometheusExam> {
  const { url, assumed } = question;
  const { reply, none } = await ask(`${url}/api/v1/query?query=time()`);
  const time = reply === undefined ? undefined : timeIn(reply.text);
  if (time === undefined || reply === undefined) {
    const detail = `${url}: ${none?.reason ?? `answers ${reply?.status}, and not as Prometheus does`}`;
    const absent = assumed && none?.why === 'refused';
    const finding = (absent ? warning : failure)('prometheus', detail, REMEDY.noPrometheus);
    return { findings: [finding, ...AFTER.map((check) => skipped(check, 'Prometheus does not answer'))] };
  }
  const api: Api = async <T>(path: string) => {
    const answer = await ask(`${url}/api/v1/${path}`);
    if (answer.reply === undefined) throw new Error(answer.none.reason);
    return (JSON.parse(answer.reply.text) as { data: T }).data;
  };
  const look = (check: string, examine: () => Promise<Finding>) =>
    examine().catch((error: Error) => failure(check, `Prometheus did not tell: ${error.message}`, REMEDY.noPrometheus));
  const targets = await api<{ activeTargets: Target[] }>('targets?state=active').then(
    ({ activeTargets }) => activeTargets,
    () => [],
  );
  return {
    findings: [
      ok('prometheus', `${url} answers in ${(reply.receivedAt - reply.sentAt).toFixed(0)} ms`),
      await look('target', () => ownTarget(api, targets, question)),
      await look('labels', () => jobLabel(api)),
      allTargets(targets),
      await look('rules', () => rules(api)),
    ],
    time: { at: time, sentAt: reply.sentAt, receivedAt: reply.receivedAt },
  };
}

/** Milliseconds. */
function timeIn(text: string): number | undefined {
  try {
    const seconds = Number((JSON.parse(text) as { data: { result: [number, string] } }).data.result[1]);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

async function ownTarget(
  api: Api,
  targets: readonly Target[],
  { metricsUrl, processStart }: PrometheusQuestion,
): Promise<Finding> {
  const { result } = await api<{ result: { metric: { instance?: string }; value: [number, string] }[] }>(
    'query?query=process_start_time_seconds',
  );
  const ours = result.filter(
    ({ value }) => processStart !== undefined && Math.abs(Number(value[1]) - processStart) < 1e-3,
  );
  const instances = ours.map(({ metric }) => metric.instance);
  const found = targets.find(
    ({ scrapeUrl, labels }) => sameAddress(scrapeUrl, metricsUrl) || instances.includes(labels.instance),
  );
  if (found === undefined) {
    return failure('target', `None of its ${targets.length} targets is ${metricsUrl}`, REMEDY.notScraped);
  }
  const { scrapeUrl, health, lastError } = found;
  if (health === 'down') return failure('target', `It scrapes ${scrapeUrl}, in vain: ${lastError}`, REMEDY.targetDown);
  if (health !== 'up') return warning('target', `It has not scraped ${scrapeUrl} yet`, REMEDY.notScraped);
  return ok('target', `It scrapes ${scrapeUrl}`);
}

function sameAddress(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  const host = ({ hostname }: URL) => (LOOPBACK.includes(hostname) ? 'localhost' : hostname);
  return host(a) === host(b) && a.port === b.port && a.pathname === b.pathname;
}

async function jobLabel(api: Api): Promise<Finding> {
  const query = encodeURIComponent('count by (job, exported_job) (tta_spans_lost_total)');
  const { result } = await api<{ result: { metric: { job?: string; exported_job?: string } }[] }>(
    `query?query=${query}`,
  );
  if (result.length === 0) return skipped('labels', 'Prometheus has no series of ours');
  const moved = result.filter(({ metric }) => metric.exported_job !== undefined).map(({ metric }) => metric.job);
  return moved.length > 0
    ? failure('labels', `Series of the job ${moved.join(', ')} have their own job as exported_job`, REMEDY.exportedJob)
    : ok('labels', 'The job is what the endpoint says');
}

function allTargets(targets: readonly Target[]): Finding {
  const down = targets.filter(({ health }) => health === 'down');
  const list = down.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`).join('; ');
  return down.length > 0
    ? failure('targets', `${down.length} of ${targets.length} targets are down: ${list}`, REMEDY.targetDown)
    : ok('targets', `None of ${targets.length} targets is down`);
}

async function rules(api: Api): Promise<Finding> {
  const { groups } = await api<{ groups: { rules: Rule[] }[] }>('rules');
  const all = groups.flatMap((group) => group.rules);
  if (all.length === 0) return warning('rules', 'Prometheus has no rules', REMEDY.noRules);
  const failing = all.filter(({ health }) => health === 'err');
  const list = failing.map(({ name, lastError = '' }) => `${name}: ${lastError}`).join('; ');
  if (failing.length > 0)
    return failure('rules', `${failing.length} of ${all.length} rules fail: ${list}`, REMEDY.ruleFails);
  const waiting = all.filter(({ health }) => health !== 'ok').length;
  return ok(
    'rules',
    `${all.length - waiting} of ${all.length} rules evaluate${waiting > 0 ? ', the others have not had their turn' : ''}`,
  );
}
