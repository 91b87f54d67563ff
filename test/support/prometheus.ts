/** Starts a real Prometheus with the shipped configuration on a free port. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { type PrometheusApi, prometheusApi } from './prometheus-api.ts';

const SHIPPED = fileURLToPath(new URL('../../collector/prometheus', import.meta.url));
/** An address without a listener. It replaces the usual ports, which other programs of this machine may use. */
const UNUSED_ADDRESS = '127.0.0.1:9';

export interface Prometheus extends PrometheusApi {
  readonly url: string;
  stop(): Promise<void>;
}

/** Calls `look` until it returns a value. Rejects after `withinMs` milliseconds, with the last error as the cause. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
}

export interface PrometheusOptions {
  /** Host and port of an Alertmanager that gets the alerts and is scraped. @default none */
  readonly alertmanager?: string;
  /** Host and port of the metrics of a Collector that is scraped. @default none */
  readonly collector?: string;
  /** Changes each of the shipped rule files, for instance long durations. @default no change */
  readonly editRules?: (text: string) => string;
  /** A folder for the data, which stays. @default one that is removed in the end */
  readonly data?: string;
  /** More arguments. @default none */
  readonly flags?: readonly string[];
  /** The folder with prometheus.yml, rules and targets. @default the shipped one */
  readonly source?: string;
  /** Changes prometheus.yml, for instance to break it. @default no change */
  readonly editConfiguration?: (text: string) => string;
}

/**
 * Starts Prometheus with the shipped configuration and rules, but with scrapes and evaluations every second.
 *
 * @param application host and port of the endpoint that the job tta-primitives scrapes
 */
export async function startPrometheus(
  program: string,
  application: string,
  options: PrometheusOptions = {},
): Promise<Prometheus> {
  const { alertmanager = UNUSED_ADDRESS, collector = UNUSED_ADDRESS } = options;
  const { editRules = (text) => text, editConfiguration = (text) => text, source = SHIPPED } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tta-prometheus-'));
  const port = await freePort();
  const edit = async (file: string, change: (text: string) => string) =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')));
  for (const name of ['prometheus.yml', 'rules', 'targets'])
    await cp(join(source, name), join(folder, name), { recursive: true });
  await edit('prometheus.yml', (text) =>
    editConfiguration(text)
      .replaceAll('127.0.0.1:9464', application)
      .replaceAll('127.0.0.1:9090', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:9093', alertmanager)
      .replaceAll('127.0.0.1:8888', collector)
      .replace(/(scrape_interval|scrape_timeout|evaluation_interval): \w+/g, '$1: 1s'),
  );
  for (const name of await readdir(join(folder, 'rules')))
    await edit(join('rules', name), (text) => editRules(text).replace(/^( +interval): \w+$/gm, '$1: 1s'));
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${options.data ?? join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--web.enable-remote-write-receiver',
      ...(options.flags ?? []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;

  await eventually(`Prometheus is ready; it said\n${log}`, async () =>
    (await fetch(`${url}/-/ready`)).ok ? true : undefined,
  );
  return {
    url,
    ...prometheusApi(url),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
