/** More collectors of a live stack, each with an application that sends spans to it, and a store that takes them. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePort } from '../../../support/free-port.ts';
import type { Program } from '../../../support/program.ts';
import type { LiveStack } from '../live-stack.ts';
import { type Application, startApplication } from './application.ts';

/** A trace store that answers every request with a status. */
export interface Store {
  readonly port: number;
  status: number;
  stop(): void;
}

export async function startStore(): Promise<Store> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(store.status).end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const store: Store = {
    port: (server.address() as AddressInfo).port,
    status: 200,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return store;
}

export interface CollectorOptions {
  /** The shipped configuration. @default 'laptop' */
  readonly tier?: 'laptop' | 'sampler';
  /** Changes it. @default no change */
  readonly edit?: (configuration: string) => string;
  /** The folder of its queue. @default a new one */
  readonly state?: string;
  /** What its application does. @default four traces a second */
  readonly program?: string;
}

export interface WatchedCollector {
  readonly store: Store;
  readonly collector: Program;
  readonly application: Application;
  /** The label `instance` of its metrics. */
  readonly instance: string;
  /** The service of its application. */
  readonly job: string;
  /** Starts it anew with other settings in its environment. */
  startWith(env: Readonly<Record<string, string>>): Promise<Program>;
}

/** An application that sends spans. */
export const ORDERS = `
const order = workflow('order', task('charge', (n) => n));
every(250, (n) => order.execute(n));`;

/** The ports of the shipped configurations: spans over gRPC and HTTP, own metrics, health, trace store. */
const PORTS = { grpc: /\b1?4317\b/g, http: /\b4318\b/g, metrics: /\b888[89]\b/g, health: /\b1313[34]\b/g };

export async function addCollector(
  stack: LiveStack,
  name: string,
  {
    tier = 'laptop',
    edit = (text) => text,
    state = join(stack.folder, 'data', name),
    program = ORDERS,
  }: CollectorOptions,
): Promise<WatchedCollector> {
  const store = await startStore();
  const [grpc, http, metrics, health] = [await freePort(), await freePort(), await freePort(), await freePort()];
  // The stack's own copy of this file has other ports already if the stack uses it.
  const shipped = await readFile(new URL(`../../../../collector/otelcol/${tier}.yaml`, import.meta.url), 'utf8');
  const configuration = edit(shipped)
    .replaceAll('14318', String(store.port))
    .replaceAll(PORTS.grpc, String(grpc))
    .replaceAll(PORTS.http, String(http))
    .replaceAll(PORTS.metrics, String(metrics))
    .replaceAll(PORTS.health, String(health));
  const file = join(stack.folder, `${name}.yaml`);
  await writeFile(file, configuration);
  let starts = 0;
  const startWith = (env: Readonly<Record<string, string>>) =>
    stack.run(`${name}-${++starts}`, {
      command: 'otelcol-tta',
      args: ['--config', file],
      env: { PATH: process.env.PATH, TTA_COLLECTOR_STATE: state, ...env },
      readyUrl: `http://127.0.0.1:${health}/`,
    });
  const collector = await startWith({});

  const instance = `127.0.0.1:${metrics}`;
  const job = `tta-${name}`;
  const application = await startApplication(stack, {
    ...{ job, program, fault: '', raises: {} },
    env: () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${http}`, OTEL_EXPORTER_OTLP_HEADERS: '' }),
  });
  return { store, collector, application, instance, job, startWith };
}

/** Adds targets to the file that Prometheus reads for a job. */
export async function addTargets(stack: LiveStack, job: string, hosts: readonly string[]): Promise<void> {
  const file = join(stack.folder, `prometheus/targets/${job}.yml`);
  const known = parse(await readFile(file, 'utf8')) as { targets: string[] }[];
  await writeFile(file, JSON.stringify([...known, { targets: hosts }]));
}
