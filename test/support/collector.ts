/** Starts a real OpenTelemetry Collector with a shipped configuration, on free ports and with a queue in a new folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Exposition } from '../../src/prometheus/parse.ts';
import { freePort } from './free-port.ts';
import { eventually } from './prometheus.ts';
import { scrape } from './scrape.ts';
import { tempFolder } from './temp-folder.ts';

export const shipped = (name: string) =>
  fileURLToPath(new URL(`../../collector/otelcol/${name}.yaml`, import.meta.url));

export type Tier = 'laptop' | 'gateway' | 'sampler';

export interface CollectorOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Settings that replace those of the shipped configuration; the Collector merges the files. */
  readonly override?: object;
  /** Whether to add scrape.yaml, so that the Collector scrapes applications too. */
  readonly scrapes?: boolean;
  /** Whether to add push.yaml, so that applications can send metrics to the Collector. */
  readonly takesMetrics?: boolean;
}

export interface Collector {
  /** The address for OTLP over HTTP; the sampler does not listen there. */
  readonly url: string;
  /** The address for metrics, with `takesMetrics`. */
  readonly pushUrl: string;
  /** The port for OTLP over gRPC. */
  readonly grpcPort: number;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  /** The Collector's own metrics. */
  metrics(): Promise<Exposition>;
  /** Sends SIGKILL and waits for the end of the process. */
  kill(): Promise<void>;
  /** Sends SIGTERM and waits for the end of the process. */
  stop(): Promise<void>;
  /** Starts the Collector again after `kill` or `stop`, with the same ports and the same queue. */
  start(): Promise<void>;
}

/** Exporter settings for the sink of the tests, which reads JSON only, with short waits between retries. */
const SINK_EXPORTER = {
  encoding: 'json',
  compression: 'none',
  retry_on_failure: { initial_interval: '100ms', max_interval: '1s' },
};

export async function startCollector(program: string, tier: Tier, options: CollectorOptions = {}): Promise<Collector> {
  const [http, grpc, health, telemetry] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const push = await freePort();
  const local = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: telemetry } } } };
  const folder = tempFolder({
    'ports.yaml': JSON.stringify({
      extensions: { health_check: local(health) },
      receivers: {
        otlp: { protocols: { grpc: local(grpc), ...(tier === 'sampler' ? {} : { http: local(http) }) } },
        ...(options.takesMetrics ? { 'otlp/metrics': { protocols: { http: local(push) } } } : {}),
      },
      exporters: tier === 'gateway' ? {} : { otlp_http: SINK_EXPORTER },
      service: { telemetry: { metrics: { readers: [reader] }, logs: { level: 'error' } } },
    }),
    'override.yaml': JSON.stringify(options.override ?? {}),
  });
  const files = [
    shipped(tier),
    ...(options.scrapes ? [shipped('scrape')] : []),
    ...(options.takesMetrics ? [shipped('push')] : []),
    join(folder, 'ports.yaml'),
    join(folder, 'override.yaml'),
  ];
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  let log = '';

  async function end(signal: NodeJS.Signals): Promise<void> {
    child?.kill(signal);
    await exited;
    child = undefined;
  }

  async function start(): Promise<void> {
    const started = spawn(
      program,
      files.flatMap((file) => ['--config', file]),
      {
        env: { PATH: process.env.PATH, TTA_COLLECTOR_STATE: join(folder, 'state'), ...options.env },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    child = started;
    started.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
    let closed = false;
    exited = new Promise((resolve) => started.on('close', resolve)).then(() => {
      closed = true;
    });
    const ready = async () => {
      if (closed) return false;
      return (await fetch(`http://127.0.0.1:${health}/`)).ok ? true : undefined;
    };
    if (!(await eventually('the collector is ready', ready))) throw new Error(`the collector ended:\n${log}`);
  }

  onTestFinished(() => end('SIGKILL'));
  await start();
  const metricsUrl = `http://127.0.0.1:${telemetry}/metrics`;
  return {
    url: `http://127.0.0.1:${http}`,
    pushUrl: `http://127.0.0.1:${push}`,
    grpcPort: grpc,
    healthUrl: `http://127.0.0.1:${health}/`,
    metricsUrl,
    metrics: () => scrape(metricsUrl),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
  };
}
