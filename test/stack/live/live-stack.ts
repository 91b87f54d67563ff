/**
 * The operations stack as a user brings it up: the files of `tta export all`, real programs, and every interval, `for`
 * and wait as shipped. Only ports are changed, in the exported files, so that several stacks run on one machine.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { component } from '../../support/component.ts';
import { runCommand } from '../../support/deployment.ts';
import { freePort } from '../../support/free-port.ts';
import { type Program, type ProgramOptions, startProgram } from '../../support/program.ts';
import { type PrometheusApi, prometheusApi, type RangeSeries, type Series } from '../../support/prometheus-api.ts';
import { type Labels, type Notification, startWebhook } from '../../support/webhook.ts';
import { jaegerConfiguration } from './jaeger.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The programs of a live stack by name; `undefined` with a message when one is not installed. */
export const liveComponents = () => {
  const prometheus = ['prometheus', 'promtool', 'prometheus-3', 'promtool-3'];
  const names = [...prometheus, 'prometheus-alertmanager', 'otelcol-tta', 'jaeger'];
  return names.every((name) => component(name) !== undefined) ? names : undefined;
};

export interface LiveStackOptions {
  /** `laptop`: one collector. `gateway`: a gateway that asks for a token and writes span metrics, and a sampler. */
  readonly setup: 'laptop' | 'gateway';
  readonly prometheus: 'prometheus' | 'prometheus-3';
  /** The ports of the applications, which the test starts. They go to `tta export --target`. */
  readonly applications: readonly number[];
  /** More arguments of `tta export all`. @default none */
  readonly exportArgs?: readonly string[];
  /** Changes an exported file before the programs start. @default no change */
  readonly edit?: (path: string, text: string) => string;
}

/** From the first to the last sample of one firing alert, in seconds since 1970. */
export interface AlertEpisode {
  readonly labels: Labels;
  readonly from: number;
  readonly to: number;
}

export interface LiveStack {
  /** The exported files; the data and the logs of the programs (`NAME.log`) are here too. */
  readonly folder: string;
  /** What an application needs to send its spans: environment variables. */
  readonly traceEnvironment: Readonly<Record<string, string>>;
  readonly prometheus: Program & PrometheusApi & { readonly url: string; reload(): Promise<void> };
  readonly alertmanager: Program & {
    readonly url: string;
    /** All notifications that arrived, also those of the watchdog. */
    readonly notifications: readonly Notification[];
    alerts(): Promise<readonly { labels: Labels; status: { inhibitedBy: readonly string[] } }[]>;
  };
  /** In the order of the way of a span: one with `laptop`, the gateway and the sampler with `gateway`. */
  readonly collectors: readonly (Program & { readonly name: string; readonly metricsUrl: string })[];
  readonly jaeger: Program & { readonly queryUrl: string; readonly metricsUrl: string };
  /** Adds an application to the file that Prometheus reads targets from. */
  addApplication(port: number, labels?: Labels): Promise<void>;
  removeApplication(port: number): Promise<void>;
  /** Runs another program, for instance an application. It ends with the stack. */
  run(name: string, options: Omit<ProgramOptions, 'log'>): Promise<Program>;
  /** The alerts that fire now. */
  firing(): Promise<readonly Labels[]>;
  /** The alerts that fired between two times in seconds since 1970, in the order of their begin. */
  alertHistory(from: number, to: number): Promise<readonly AlertEpisode[]>;
  stop(): Promise<void>;
}

/** The ports that the exported files name, and Jaeger's. A configuration has a port after a colon, a blank or a minus. */
const PORTS = [
  ...[9090, 9093, 9099],
  ...[4317, 4318, 8888, 13133], // laptop or gateway
  ...[14317, 8889, 13134], // sampler
  14318, // trace store
] as const;
const PORT = new RegExp(`(?<=[: -])(?:${PORTS.join('|')})\\b`, 'g');

export async function startLiveStack(options: LiveStackOptions): Promise<LiveStack> {
  const { setup, applications, exportArgs = [], edit = (_, text) => text } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tta-live-'));
  const started: Program[] = [];
  const webhook = await startWebhook();

  async function stop(): Promise<void> {
    // The applications and collectors send before what they send to ends.
    for (const program of started.toReversed()) await program.stop();
    webhook.stop();
    await rm(folder, { recursive: true, force: true });
  }

  async function run(name: string, program: Omit<ProgramOptions, 'log'>): Promise<Program> {
    const running = await startProgram({ ...program, log: join(folder, `${name}.log`) });
    started.push(running);
    return running;
  }

  try {
    return await bringUp();
  } catch (error) {
    await stop();
    throw error;
  }

  async function bringUp(): Promise<LiveStack> {
    const exported = ['export', 'all', '--to', folder, ...exportArgs];
    for (const port of applications) exported.push('--target', `127.0.0.1:${port}`);
    const { status, output } = runCommand(process.execPath, [join(ROOT, 'dist/src/tools/cli/tta.js'), ...exported]);
    if (status !== 0) throw new Error(output);

    const ports = new Map<number, number>();
    for (const port of PORTS) ports.set(port, port === 9099 ? webhook.port : await freePort());
    const at = (port: (typeof PORTS)[number]) => `127.0.0.1:${ports.get(port)}`;
    const tiers = setup === 'laptop' ? ['laptop'] : ['gateway', 'sampler'];
    for (const path of [
      ...['prometheus/prometheus.yml', 'prometheus/rules/recording.yml', 'prometheus/rules/alerts.yml'],
      'alertmanager/alertmanager.yml',
      ...tiers.map((tier) => `otelcol/${tier}.yaml`),
    ]) {
      const file = join(folder, path);
      const text = await readFile(file, 'utf8');
      const moved = path.startsWith('prometheus/rules/')
        ? text
        : text.replace(PORT, (port) => String(ports.get(+port)));
      await writeFile(file, edit(path, moved));
    }

    const jaegerPorts = { query: await freePort(), queryGrpc: await freePort(), health: await freePort() };
    const jaegerMetrics = await freePort();
    const jaegerFile = join(folder, 'jaeger.json');
    const otlp = ports.get(14318) as number;
    await writeFile(jaegerFile, jaegerConfiguration({ ...jaegerPorts, otlp, metrics: jaegerMetrics }));
    const targetFile = (job: string) => join(folder, `prometheus/targets/${job}.yml`);
    await writeFile(targetFile('jaeger'), JSON.stringify([{ targets: [`127.0.0.1:${jaegerMetrics}`] }]));
    if (setup === 'gateway') await writeFile(targetFile('otel-collector'), JSON.stringify([{ targets: [at(8889)] }]));

    const jaeger = await run('jaeger', {
      command: 'jaeger',
      args: ['--config', jaegerFile],
      readyUrl: `http://127.0.0.1:${jaegerPorts.health}/status`,
    });
    // The command lines of collector/systemd.
    const prometheus = await run('prometheus', {
      command: options.prometheus,
      args: [
        `--config.file=${join(folder, 'prometheus/prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data/prometheus')}`,
        '--storage.tsdb.retention.time=30d',
        '--storage.tsdb.retention.size=20GB',
        '--enable-feature=exemplar-storage',
        '--web.enable-remote-write-receiver',
        `--web.listen-address=${at(9090)}`,
      ],
      readyUrl: `http://${at(9090)}/-/ready`,
    });
    const alertmanager = await run('alertmanager', {
      command: 'prometheus-alertmanager',
      args: [
        `--config.file=${join(folder, 'alertmanager/alertmanager.yml')}`,
        `--storage.path=${join(folder, 'data/alertmanager')}`,
        '--data.retention=120h',
        `--web.listen-address=${at(9093)}`,
        '--cluster.listen-address=',
      ],
      readyUrl: `http://${at(9093)}/-/ready`,
    });
    const token = join(folder, 'token');
    await writeFile(token, 'live-token\n', { mode: 0o600 });
    const collectors: LiveStack['collectors'][number][] = [];
    for (const name of tiers.toReversed()) {
      const isSampler = name === 'sampler';
      const collector = await run(name, {
        command: 'otelcol-tta',
        args: ['--config', join(folder, `otelcol/${name}.yaml`)],
        env: {
          PATH: process.env.PATH,
          TTA_COLLECTOR_STATE: join(folder, 'data', name),
          TTA_COLLECTOR_TOKEN_FILE: token,
        },
        readyUrl: `http://${at(isSampler ? 13134 : 13133)}/`,
      });
      collectors.unshift(withFields(collector, { name, metricsUrl: `http://${at(isSampler ? 8889 : 8888)}/metrics` }));
    }

    const added = new Map<number, Labels>();
    const writeTargets = () =>
      writeFile(
        targetFile('tta-primitives'),
        JSON.stringify([...added].map(([port, labels]) => ({ targets: [`127.0.0.1:${port}`], labels }))),
      );
    const url = `http://${at(9090)}`;
    const api = prometheusApi(url);
    return {
      folder,
      traceEnvironment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${at(4318)}`,
        ...(setup === 'gateway' ? { OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20live-token' } : {}),
      },
      prometheus: withFields(prometheus, {
        ...api,
        url,
        async reload() {
          const loaded = (log: string) => log.split('Completed loading of configuration file').length;
          const before = loaded(prometheus.log());
          prometheus.signal('SIGHUP');
          while (loaded(prometheus.log()) === before) await new Promise((done) => setTimeout(done, 100));
        },
      }),
      alertmanager: withFields(alertmanager, {
        url: `http://${at(9093)}`,
        notifications: webhook.notifications,
        alerts: async () => (await (await fetch(`http://${at(9093)}/api/v2/alerts`)).json()) as never,
      }),
      collectors,
      jaeger: withFields(jaeger, {
        queryUrl: `http://127.0.0.1:${jaegerPorts.query}`,
        metricsUrl: `http://127.0.0.1:${jaegerMetrics}/metrics`,
      }),
      async addApplication(port, labels = {}) {
        added.set(port, labels);
        await writeTargets();
      },
      async removeApplication(port) {
        added.delete(port);
        await writeTargets();
      },
      run,
      firing: async () => (await api.query('ALERTS{alertstate="firing"}')).map(({ metric }) => withoutState(metric)),
      async alertHistory(from, to) {
        const step = 15;
        const series = await api.queryRange('ALERTS{alertstate="firing"}', from, to, step);
        return series
          .flatMap(({ metric, values }) =>
            spansOf(values, step).map((span) => ({ labels: withoutState(metric), ...span })),
          )
          .sort((one, other) => one.from - other.from);
      },
      stop,
    };
  }
}

/** `pid` is a getter, which a copy of the object would freeze. */
function withFields<Fields extends object>(program: Program, fields: Fields): Program & Fields {
  return Object.assign(Object.create(program) as Program, fields);
}

function withoutState({ __name__: _, alertstate: __, ...labels }: Series['metric']): Labels {
  return labels;
}

/** The times in which a series has a sample at every step. An alert that ended has none until it fires again. */
export function spansOf(values: RangeSeries['values'], step: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [at] of values) {
    const last = found.at(-1);
    if (last !== undefined && at - last.to <= step) last.to = at;
    else found.push({ from: at, to: at });
  }
  return found;
}
