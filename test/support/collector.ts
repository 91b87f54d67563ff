/** A real OpenTelemetry Collector with the shipped configurations, on free ports, its queue in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Exposition } from '../../src/prometheus/parse.ts';
import { eventually, freePort } from './prometheus.ts';
import { scrape } from './scrape.ts';
import { tempFolder } from './temp-folder.ts';

export const shipped = (name: string) =>
  fileURLToPath(new URL(`../../collector/otelcol/${name}.yaml`, import.meta.url));

export type Tier = 'laptop' | 'gateway' | 'sampler';

export interface CollectorOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Merged over the shipped configuration, as the Collector merges its files. */
  readonly override?: object;
  /** Whether it scrapes as well: scrape.yaml is added. */
  readonly scrapes?: boolean;
}

export interface Collector {
  /** OTLP over HTTP; the sampler has none. */
  readonly url: string;
  /** Of OTLP over gRPC. */
  readonly grpcPort: number;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  /** What it says about itself. */
  metrics(): Promise<Exposition>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>;
  /** After `kill` or `stop`: the same ports, the same queue. */
  start(): Promise<void>;
}

/** Its exporter speaks what the sink of the tests understands, and does not wait long for one that was away. */
const TO_SINK = {
  encoding: 'json',
  compression: 'none',
  retry_on_failure: { initial_interval: '100ms', max_interval: '1s' },
};

export async function startCollector(program: string, tier: Tier, options: CollectorOptions = {}): Promise<Collector> {
  const [http, grpc, health, telemetry] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const local = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: telemetry } } } };
  const folder = tempFolder({
    'ports.yaml': JSON.stringify({
      extensions: { health_check: local(health) },
      receivers: { otlp: { protocols: { grpc: local(grpc), ...(tier === 'sampler' ? {} : { http: local(http) }) } } },
      exporters: tier === 'gateway' ? {} : { otlp_http: TO_SINK },
      service: { telemetry: { metrics: { readers: [reader] }, logs: { level: 'error' } } },
    }),
    'override.yaml': JSON.stringify(options.override ?? {}),
  });
  const files = [
    shipped(tier),
    ...(options.scrapes ? [shipped('scrape')] : []),
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
    const one = spawn(
      program,
      files.flatMap((file) => ['--config', file]),
      {
        env: { PATH: process.env.PATH, TTA_COLLECTOR_STATE: join(folder, 'state'), ...options.env },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    child = one;
    one.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
    });
    let gone = false;
    exited = new Promise((resolve) => one.on('close', resolve)).then(() => {
      gone = true;
    });
    const ready = async () => {
      if (gone) return false;
      return (await fetch(`http://127.0.0.1:${health}/`)).ok ? true : undefined;
    };
    if (!(await eventually('the collector is ready', ready))) throw new Error(`the collector ended:\n${log}`);
  }

  onTestFinished(() => end('SIGKILL'));
  await start();
  const metricsUrl = `http://127.0.0.1:${telemetry}/metrics`;
  return {
    url: `http://127.0.0.1:${http}`,
    grpcPort: grpc,
    healthUrl: `http://127.0.0.1:${health}/`,
    metricsUrl,
    metrics: () => scrape(metricsUrl),
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
  };
}
