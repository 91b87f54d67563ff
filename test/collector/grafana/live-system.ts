/** A support desk that runs in this process, a real Prometheus that scrapes it, and a real Collector for its spans. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { task } from '../../../src/index.ts';
import { register } from '../../../src/sdk/index.ts';
import { MAX_SERIES } from '../../../src/telemetry/semconv.ts';
import { shipped } from '../../support/collector.ts';
import { freePort } from '../../support/free-port.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import { supportDesk } from './workload.ts';

export interface LiveSystem {
  readonly prometheus: Prometheus;
  stop(): Promise<void>;
}

export interface LiveSystemOptions {
  /** The path of the program Prometheus. */
  readonly prometheus: string;
  /** The path of the program Collector. @default none: the spans are sent to a sink */
  readonly collector?: string | undefined;
  /** The time between two tickets; called before each. @default 250 ms */
  readonly ticketIntervalMs?: () => number;
  /** Whether spans are lost and a metric overflows. @default false */
  readonly withLosses?: boolean;
  /** Changes prometheus.yml. @default no change */
  readonly editConfiguration?: (text: string) => string;
}

/** Starts a Collector with the shipped configuration for a laptop. It sends the spans to the trace store at `store`. */
async function startLaptopCollector(program: string, ports: { http: number; metrics: number }, store: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tta-laptop-'));
  const [grpc, health] = [await freePort(), await freePort()];
  const endpoint = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: ports.metrics } } } };
  const override = {
    extensions: { health_check: endpoint(health) },
    receivers: { otlp: { protocols: { grpc: endpoint(grpc), http: endpoint(ports.http) } } },
    exporters: { otlp_http: { encoding: 'json', compression: 'none' } },
    service: { telemetry: { metrics: { readers: [reader] }, logs: { level: 'error' } } },
  };
  const overridePath = join(folder, 'override.yaml');
  await writeFile(overridePath, JSON.stringify(override));
  const child: ChildProcess = spawn(program, ['--config', shipped('laptop'), '--config', overridePath], {
    env: { PATH: process.env.PATH, TTA_COLLECTOR_STATE: join(folder, 'state'), TTA_COLLECTOR_TRACES: store },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  await eventually('the collector is ready', async () =>
    (await fetch(`http://127.0.0.1:${health}/`)).ok ? true : undefined,
  );
  return async () => {
    child.kill('SIGTERM');
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
}

/** A provider's pictures, which are no model call that is read. */
async function startPictureProvider() {
  const server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/images/generations` };
}

export async function startLiveSystem(options: LiveSystemOptions): Promise<LiveSystem> {
  const { ticketIntervalMs = () => 250, withLosses = false } = options;
  const sink = await startSink(withLosses ? 400 : 'take');
  const ports = { http: await freePort(), metrics: await freePort() };
  const endpoint = options.collector === undefined ? sink.url : `http://127.0.0.1:${ports.http}`;
  const provider = await startPictureProvider();
  const telemetry = await register({
    prometheus: { port: 0 },
    traces: { endpoint },
    metricsPush: { endpoint: sink.url },
    modelCalls: { hosts: { [new URL(provider.url).host]: 'openai' } },
  });
  const handle = supportDesk();
  await handle(0);
  // No Collector has started yet, or the sink refuses spans: these spans are lost.
  if (withLosses) await telemetry.flush();
  const stopCollector =
    options.collector === undefined ? undefined : await startLaptopCollector(options.collector, ports, sink.url);
  const prometheus = await startPrometheus(options.prometheus, new URL(telemetry.metricsUrl as string).host, {
    ...(stopCollector === undefined ? {} : { collector: `127.0.0.1:${ports.metrics}` }),
    ...(options.editConfiguration === undefined ? {} : { editConfiguration: options.editConfiguration }),
  });

  let names = 0;
  const runWithNewName = () => task(`name-${names++}`, () => names).execute(undefined);
  if (withLosses) while (names < MAX_SERIES) await runWithNewName();

  let stopped = false;
  const running = new Set<Promise<void>>();
  const desk = (async () => {
    for (let ticket = 1; !stopped; ticket += 1) {
      const handled = handle(ticket).finally(() => running.delete(handled));
      running.add(handled);
      if (withLosses) await runWithNewName();
      if (ticket % 10 === 0) await fetch(provider.url, { method: 'POST', body: '{}' });
      await pause(ticketIntervalMs());
      // The sink keeps all spans for other tests. Here they would fill the memory.
      sink.spans.length = 0;
      sink.metrics.length = 0;
      // The trace store refuses the first spans and accepts all later ones.
      if (ticket === 20) sink.behaviour = 'take';
    }
    await Promise.all(running);
  })();

  return {
    prometheus,
    async stop() {
      stopped = true;
      await desk;
      await prometheus.stop();
      await telemetry.shutdown();
      await stopCollector?.();
      await sink.stop();
      provider.server.close();
    },
  };
}
