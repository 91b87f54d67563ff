/** A support desk at work in this process, a real Prometheus that scrapes it, and a real Collector that has its spans. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { task } from '../../../src/index.ts';
import { register } from '../../../src/sdk/index.ts';
import { MAX_SERIES } from '../../../src/telemetry/semconv.ts';
import { shipped } from '../../support/collector.ts';
import { startSink } from '../../support/otlp-sink.ts';
import { eventually, freePort, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import { supportDesk } from './workload.ts';

export interface Stand {
  readonly prometheus: Prometheus;
  stop(): Promise<void>;
}

export interface StandOptions {
  /** The path of a Prometheus. */
  readonly prometheus: string;
  /** The path of a Collector. @default none: the spans go to a sink */
  readonly collector?: string | undefined;
  /** Time between two tickets, asked before each. @default 250 ms */
  readonly everyMs?: () => number;
  /** Whether telemetry is made to suffer too: spans that are lost, names without end. @default false */
  readonly abused?: boolean;
}

/** A Collector with the shipped configuration of a laptop, whose trace store is `store`. */
async function startLaptop(program: string, ports: { http: number; own: number }, store: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tta-laptop-'));
  const [grpc, health] = [await freePort(), await freePort()];
  const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: ports.own } } } };
  const ours = {
    extensions: { health_check: at(health) },
    receivers: { otlp: { protocols: { grpc: at(grpc), http: at(ports.http) } } },
    exporters: { otlp_http: { encoding: 'json', compression: 'none' } },
    service: { telemetry: { metrics: { readers: [reader] }, logs: { level: 'error' } } },
  };
  await writeFile(join(folder, 'ours.yaml'), JSON.stringify(ours));
  const child: ChildProcess = spawn(program, ['--config', shipped('laptop'), '--config', join(folder, 'ours.yaml')], {
    env: { PATH: process.env.PATH, TTA_COLLECTOR_STATE: join(folder, 'state'), TTA_COLLECTOR_TRACES: store },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = new Promise((resolve) => child.on('close', resolve));
  await eventually('the collector is ready', async () =>
    (await fetch(`http://127.0.0.1:${health}/`)).ok ? true : undefined,
  );
  return async () => {
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
}

export async function startStand(options: StandOptions): Promise<Stand> {
  const { everyMs = () => 250, abused = false } = options;
  const sink = await startSink(abused ? 400 : 'take');
  const ports = { http: await freePort(), own: await freePort() };
  const endpoint = options.collector === undefined ? sink.url : `http://127.0.0.1:${ports.http}`;
  const telemetry = await register({ prometheus: { port: 0 }, traces: { endpoint } });
  const handle = supportDesk();
  await handle(0);
  // Nobody has listened so far, or the sink has refused: these spans are lost.
  if (abused) await telemetry.flush();
  const stopCollector =
    options.collector === undefined ? undefined : await startLaptop(options.collector, ports, sink.url);
  const prometheus = await startPrometheus(options.prometheus, new URL(telemetry.metricsUrl as string).host, {
    ...(stopCollector === undefined ? {} : { collector: `127.0.0.1:${ports.own}` }),
  });

  let names = 0;
  const named = () => task(`name-${names++}`, () => names).execute(undefined);
  if (abused) while (names < MAX_SERIES) await named();

  let open = true;
  const underWay = new Set<Promise<void>>();
  const desk = (async () => {
    for (let ticket = 1; open; ticket += 1) {
      const one = handle(ticket).finally(() => underWay.delete(one));
      underWay.add(one);
      if (abused) await named();
      await pause(everyMs());
      // Its spans are for other tests; here they would pass for a leak.
      sink.spans.length = 0;
      // What the trace store refused so far stays refused; from now on it takes everything.
      if (ticket === 20) sink.behaviour = 'take';
    }
    await Promise.all(underWay);
  })();

  return {
    prometheus,
    async stop() {
      open = false;
      await desk;
      await prometheus.stop();
      await telemetry.shutdown();
      await stopCollector?.();
      await sink.stop();
    },
  };
}
