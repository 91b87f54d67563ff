import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bearer } from '../../platform/bearer.ts';
import { systemClock } from '../../platform/clock.ts';
import { headersFrom, listFrom, numberFrom, textFrom } from '../../sdk/environment.ts';
import { diagnose } from '../doctor/diagnose.ts';
import type { Finding } from '../doctor/finding.ts';
import { packageManifest, userFolder } from './package-root.ts';
import { print } from './print.ts';
import { collectorFrom } from './trace-target.ts';

export interface DoctorCommandOptions {
  /** A file with the bearer token of the endpoint. @default TTA_PROMETHEUS_TOKEN, or none */
  readonly tokenFile?: string;
  /** The address; `true` is the default address, `false` switches the check off. */
  readonly prometheus: string | boolean;
  /** The address; `true` is the address of the environment or the default one, `false` switches the check off. */
  readonly collector: string | boolean;
  readonly collectorHealth?: string;
  readonly collectorMetrics?: string;
  readonly project?: string;
  /** The time between two scrapes, in seconds. */
  readonly wait: number;
  /** The timeout of each request, in seconds. */
  readonly timeout: number;
  readonly json: boolean;
}

const PROMETHEUS = 'http://127.0.0.1:9090';
const COLLECTOR = 'http://127.0.0.1:4318';

/** `tta doctor`. The exit code is 1 when a check fails; a warning is not a failure. */
export async function doctorCommand(endpoint: string | undefined, options: DoctorCommandOptions): Promise<void> {
  const { env } = process;
  const { engines, peerDependencies } = packageManifest();
  const onFinding = options.json ? () => {} : (finding: Finding) => print(show(finding));
  const findings = await diagnose(
    {
      metricsUrl: endpoint ?? registeredEndpoint(),
      metricsHeaders: await metricsHeaders(options),
      prometheus: prometheusOf(options),
      collector: collectorOf(options, env),
      versions: {
        folder: options.project ?? userFolder(process.cwd(), env),
        node: process.version,
        engine: engines.node,
        peers: peerDependencies,
      },
      waitMs: options.wait * 1_000,
      timeoutMs: options.timeout * 1_000,
      clock: systemClock,
    },
    onFinding,
  );
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  const healthy = count('failure') === 0;
  if (options.json) print(JSON.stringify({ healthy, findings }, undefined, 2));
  else {
    const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
    print(
      `${count('ok')} ok, ${plural(count('warning'), 'warning')}, ${plural(count('failure'), 'failure')}, ${count('skipped')} skipped`,
    );
  }
  if (!healthy) process.exitCode = 1;
}

/** Where `register` listens in a program with these variables. */
function registeredEndpoint(): string {
  const port = numberFrom('OTEL_EXPORTER_PROMETHEUS_PORT', { min: 0, max: 65_535, otherwise: 9_464 });
  if (port === 0)
    throw new Error('OTEL_EXPORTER_PROMETHEUS_PORT is 0, any free port: name the address of the endpoint');
  const host = textFrom('OTEL_EXPORTER_PROMETHEUS_HOST')?.replace(/^\[(.*)\]$/, '$1') ?? '127.0.0.1';
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const url = `http://${reached}:${port}/metrics`;
  if (!URL.canParse(url)) throw new Error('OTEL_EXPORTER_PROMETHEUS_HOST is not the name or address of a host');
  return url;
}

/** The token of the file, or else that which a program with these variables asks for. */
async function metricsHeaders({ tokenFile }: DoctorCommandOptions): Promise<Readonly<Record<string, string>>> {
  const token =
    tokenFile === undefined
      ? textFrom('TTA_PROMETHEUS_TOKEN')
      : (await readFile(resolve(userFolder(process.cwd(), process.env), tokenFile), 'utf8')).trim();
  return token === undefined ? {} : { authorization: bearer(token) };
}

function prometheusOf({ prometheus }: DoctorCommandOptions) {
  if (prometheus === false) return undefined;
  const isDefault = typeof prometheus !== 'string';
  return { url: baseUrl(isDefault ? PROMETHEUS : prometheus), isDefault };
}

function collectorOf(options: DoctorCommandOptions, env: NodeJS.ProcessEnv) {
  if (options.collector === false) return undefined;
  const named = typeof options.collector === 'string' ? options.collector : collectorFrom(env);
  const otlpUrl = baseUrl(named ?? COLLECTOR);
  const atPort = (port: number, path: string) => {
    const url = new URL(otlpUrl);
    return `${url.protocol}//${url.hostname}:${port}${path}`;
  };
  return {
    otlpUrl,
    healthUrl: options.collectorHealth ?? atPort(13_133, '/'),
    metricsUrl: options.collectorMetrics ?? atPort(8_888, '/metrics'),
    headers: headersFrom('OTEL_EXPORTER_OTLP_HEADERS'),
    pushUrl: pushUrl(otlpUrl),
    isDefault: named === undefined,
  };
}

/** Where a program with these variables sends its metrics. */
function pushUrl(otlpUrl: string): string | undefined {
  const own = textFrom('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT');
  return own ?? (listFrom('OTEL_METRICS_EXPORTER').includes('otlp') ? `${otlpUrl}/v1/metrics` : undefined);
}

const baseUrl = (url: string) => url.replace(/\/+$/, '').replace(/\/v1\/traces$/, '');

const WIDTH = 100;
const INDENT = ' '.repeat(9);

/** One line with the verdict, and below it what to do. */
function show({ check, verdict, detail, remedy }: Finding): string {
  const word = verdict === 'failure' ? 'FAILURE' : verdict;
  const text = verdict === 'skipped' ? `because ${detail}` : detail;
  const line = `${word.padEnd(9)}${check.padEnd(12)}${text}`;
  return remedy === undefined ? line : [line, ...wrap(`${remedy.symptom} ${remedy.text}`)].join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(INDENT + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, INDENT + line];
}
