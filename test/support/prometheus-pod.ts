/** Runs Prometheus as a pod with a service account: at an address of its own, where it finds the API server as pods do. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubernetes } from './kubernetes.ts';
import { mount } from './kubernetes-node.ts';
import type { PodNetwork } from './pod-network.ts';
import { eventually } from './prometheus.ts';
import { type PrometheusApi, prometheusApi } from './prometheus-api.ts';

export interface PrometheusPod extends PrometheusApi {
  log(): string;
}

interface PrometheusPodOptions {
  readonly cluster: Kubernetes;
  readonly network: PodNetwork;
  readonly address: string;
  /** The namespace and the name of the service account. */
  readonly account: readonly [namespace: string, name: string];
  /** prometheus.yml and what it names, by their paths relative to it. */
  readonly files: Readonly<Record<string, string>>;
  /** An empty folder for its files. */
  readonly folder: string;
}

export async function startPrometheusPod(program: string, options: PrometheusPodOptions): Promise<PrometheusPod> {
  const { cluster, network, address, account, files, folder } = options;
  const write = (path: string, content: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  for (const [path, content] of Object.entries(files)) write(`configuration/${path}`, content);
  write('account/token', cluster.kubectl(account[0], 'create', 'token', account[1]));
  write('account/namespace', account[0]);
  write('account/ca.crt', readFileSync(cluster.ca, 'utf8'));
  const { hostname, port } = new URL(cluster.url);
  const child = await network.start(
    address,
    mount(join(folder, 'account'), '/var/run/secrets/kubernetes.io/serviceaccount'),
    [
      program,
      `--config.file=${join(folder, 'configuration/prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.enable-remote-write-receiver',
    ],
    { PATH: process.env.PATH, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
  );
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  child.stdout?.resume();
  const url = `http://${address}:9090`;
  await eventually('Prometheus is ready', async () => {
    if (child.exitCode !== null) throw new Error(log);
    return (await fetch(`${url}/-/ready`)).ok ? true : undefined;
  });
  return { ...prometheusApi(url), log: () => log };
}
