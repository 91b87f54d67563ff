import { systemClock } from '../../platform/clock.ts';
import { pairsFrom } from '../../sdk/environment.ts';
import { diagnose } from '../doctor/diagnose.ts';
import type { Finding } from '../doctor/finding.ts';
import { packageManifest, userFolder } from './package-root.ts';
import { collectorFrom } from './traces.ts';

export interface DoctorCommandOptions {
  /** `false` for none. */
  readonly prometheus: string | boolean;
  /** `false` for none. */
  readonly collector: string | boolean;
  readonly collectorHealth?: string;
  readonly collectorMetrics?: string;
  readonly project?: string;
  /** Seconds. */
  readonly wait: number;
  /** Seconds. */
  readonly timeout: number;
  readonly json: boolean;
}

const PROMETHEUS = 'http://127.0.0.1:9090';
const COLLECTOR = 'http://127.0.0.1:4318';

/** `tta doctor`. Ends with 1 when something fails; a warning is none. */
export async function doctorCommand(urlGiven: string | undefined, options: DoctorCommandOptions): Promise<void> {
  const { env } = process;
  const { engines, peerDependencies } = packageManifest();
  const port = env.OTEL_EXPORTER_PROMETHEUS_PORT || '9464';
  const print = options.json ? () => {} : (finding: Finding) => console.log(show(finding));
  const findings = await diagnose(
    {
      metricsUrl: urlGiven ?? `http://127.0.0.1:${port}/metrics`,
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
    print,
  );
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  const healthy = count('failure') === 0;
  if (options.json) console.log(JSON.stringify({ healthy, findings }, undefined, 2));
  else {
    const several = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
    console.log(
      `${count('ok')} ok, ${several(count('warning'), 'warning')}, ${several(count('failure'), 'failure')}, ${count('skipped')} skipped`,
    );
  }
  if (!healthy) process.exitCode = 1;
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
  const on = (port: number, path: string) => {
    const url = new URL(otlpUrl);
    return `${url.protocol}//${url.hostname}:${port}${path}`;
  };
  return {
    otlpUrl,
    healthUrl: options.collectorHealth ?? on(13_133, '/'),
    metricsUrl: options.collectorMetrics ?? on(8_888, '/metrics'),
    headers: pairsFrom('OTEL_EXPORTER_OTLP_HEADERS'),
    isDefault: named === undefined,
  };
}

const baseUrl = (url: string) => url.replace(/\/+$/, '').replace(/\/v1\/traces$/, '');

const WIDTH = 100;
const INDENT = ' '.repeat(9);

/** One line with the verdict, and the remedy below it. */
function show({ check, verdict, detail, remedy }: Finding): string {
  const word = verdict === 'failure' ? 'FAILURE' : verdict;
  const told = verdict === 'skipped' ? `because ${detail}` : detail;
  const line = `${word.padEnd(9)}${check.padEnd(12)}${told}`;
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
