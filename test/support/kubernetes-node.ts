/**
 * The part of a node that the shipped manifests need: gives every pod of a namespace an address and its volumes, starts the
 * program of its one container, asks its probes, and reports the pod as ready. Names of services are in its /etc/hosts.
 */
import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kubernetes } from './kubernetes.ts';
import type { PodNetwork } from './pod-network.ts';
import { eventually } from './prometheus.ts';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Record<string, string> };
  readonly spec: {
    readonly securityContext: { readonly runAsUser: number };
    readonly volumes: readonly {
      readonly name: string;
      readonly configMap?: { readonly name: string };
      readonly secret?: { readonly secretName: string };
    }[];
    readonly containers: readonly {
      readonly image: string;
      readonly args?: readonly string[];
      readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
      readonly env: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: {
          readonly fieldRef?: { readonly fieldPath: string };
          readonly secretKeyRef?: { readonly name: string; readonly key: string };
        };
      }[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
      readonly readinessProbe?: Probe;
      readonly livenessProbe?: Probe;
    }[];
  };
}

interface Service {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly selector: Record<string, string> };
}

export interface RunningPod {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** What the program wrote to stderr. */
  log(): string;
  readonly process: ChildProcess;
}

/** A program that stands for an image: its command, and folders of this machine that it sees under other names. */
export interface Image {
  readonly command: readonly string[];
  readonly mounts: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

export interface Node {
  /** Runs all pods that a namespace has now. Resolves when their probes succeed. */
  run(namespace: string): Promise<readonly RunningPod[]>;
}

interface NodeOptions {
  /** For the volumes. */
  readonly folder: string;
  readonly cluster: Kubernetes;
  readonly network: PodNetwork;
  /** By the name of the image, without its version. */
  readonly images: Readonly<Record<string, Image>>;
  /** Addresses of names that are not services of the pods' own namespace. */
  readonly hosts: Readonly<Record<string, string>>;
}

/**
 * Lines of sh that make `to` show the folder `from`. A folder that this machine lacks is made in memory, in place of the
 * nearest folder above it that exists.
 */
export const mount = (from: string, to: string) =>
  `over=${to}; until [ -d $over ]; do over=$(dirname $over); done
  [ -d ${to} ] || { mount -t tmpfs none $over; mkdir -p ${to}; }
  mount --bind ${from} ${to}`;

/** Where pods see the folder of the node: a volume may hide the place that it has on this machine. */
const SEEN = '/media';

const NODE = 'node';
/** Milliseconds for the start of a program among many, on a machine that is busy. */
const PATIENCE = 180_000;

/** Replaces `$(NAME)` as Kubernetes does. */
const expand = (text: string, env: Readonly<Record<string, string>>) =>
  text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole);

export function startNode({ folder, cluster, network, images, hosts }: NodeOptions): Node {
  const list = <T>(namespace: string, kind: string) =>
    (JSON.parse(cluster.kubectl(namespace, 'get', kind, '--output=json')) as { items: T[] }).items;
  const read = <T>(namespace: string, kind: string, name: string) =>
    JSON.parse(cluster.kubectl(namespace, 'get', kind, name, '--output=json')) as T;
  const decode = (base64: string) => Buffer.from(base64, 'base64').toString();
  const secret = (namespace: string, name: string) =>
    read<{ data: Record<string, string> }>(namespace, 'secret', name).data;

  function environment({ metadata, spec }: Pod, address: string): Record<string, string> {
    const fields: Record<string, string> = {
      'metadata.name': metadata.name,
      'metadata.namespace': metadata.namespace,
      'status.podIP': address,
    };
    const env: Record<string, string> = {};
    for (const { name, value = '', valueFrom } of spec.containers[0]?.env ?? []) {
      const { fieldRef, secretKeyRef } = valueFrom ?? {};
      if (fieldRef !== undefined) env[name] = fields[fieldRef.fieldPath] as string;
      else if (secretKeyRef !== undefined)
        env[name] = decode(secret(metadata.namespace, secretKeyRef.name)[secretKeyRef.key] as string);
      else env[name] = expand(value, env);
    }
    return env;
  }

  /** Creates the volumes of a pod and returns the lines of sh that mount them. */
  function mounts({ metadata, spec }: Pod): string {
    const volumes = join(metadata.namespace, metadata.name);
    return (spec.containers[0]?.volumeMounts ?? [])
      .map(({ name, mountPath }) => {
        const path = join(folder, volumes, name);
        mkdirSync(path, { recursive: true });
        chownSync(path, spec.securityContext.runAsUser, spec.securityContext.runAsUser);
        const { configMap, secret: of } = spec.volumes.find((volume) => volume.name === name) ?? {};
        const files =
          configMap !== undefined
            ? read<{ data: Record<string, string> }>(metadata.namespace, 'configmap', configMap.name).data
            : Object.fromEntries(
                Object.entries(of === undefined ? {} : secret(metadata.namespace, of.secretName)).map(
                  ([file, content]) => [file, decode(content)],
                ),
              );
        for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
        return mount(join(SEEN, volumes, name), mountPath);
      })
      .join('\n');
  }

  async function start(pod: Pod, address: string, names: string): Promise<RunningPod> {
    const [container, ...others] = pod.spec.containers;
    const [, image] = Object.entries(images).find(([name]) => container?.image.startsWith(`${name}:`)) ?? [];
    if (container === undefined || image === undefined || others.length > 0)
      throw new Error(`cannot run ${pod.metadata.name}`);
    const { runAsUser } = pod.spec.securityContext;
    const file = `hosts-${address}`;
    writeFileSync(join(folder, file), names);
    const prepare = [
      mount(folder, SEEN),
      ...Object.entries(image.mounts).map(([to, from]) => mount(from, to)),
      mounts(pod),
      `[ -e /etc/hosts ] || touch /etc/hosts`,
      `mount --bind ${SEEN}/${file} /etc/hosts`,
      // readOnlyRootFilesystem: what is not a volume cannot be written.
      'mount -o remount,bind,ro /',
      `cd ${image.workingDirectory}`,
    ].join('\n');
    const env = environment(pod, address);
    const args = (container.args ?? []).map((arg) => expand(arg, env));
    const user = `setpriv --reuid=${runAsUser} --regid=${runAsUser} --clear-groups --no-new-privs --pdeathsig=KILL`;
    const child = await network.start(address, prepare, [...user.split(' '), ...image.command, ...args], {
      PATH: process.env.PATH,
      HOME: '/',
      HOSTNAME: pod.metadata.name,
      ...environment(pod, address),
    });
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-10_000);
    });
    child.stdout?.resume();
    return { name: pod.metadata.name, namespace: pod.metadata.namespace, address, log: () => log, process: child };
  }

  async function becomesReady(pod: Pod, running: RunningPod): Promise<void> {
    const [container] = pod.spec.containers;
    for (const probe of [container?.readinessProbe, container?.livenessProbe]) {
      if (probe === undefined) continue;
      const { path, port } = probe.httpGet;
      const number = container?.ports.find(({ name }) => name === port)?.containerPort;
      await eventually(
        `${running.name} answers its probe`,
        async () => {
          if (running.process.exitCode !== null) throw new Error(running.log());
          return (await fetch(`http://${running.address}:${number}${path}`)).ok ? true : undefined;
        },
        PATIENCE,
      );
    }
    const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
    const metadata = { name: running.name };
    cluster.create(running.namespace, { apiVersion: 'v1', kind: 'Binding', metadata, target });
    const status = {
      phase: 'Running',
      podIP: running.address,
      podIPs: [{ ip: running.address }],
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    const patch = JSON.stringify({ status });
    cluster.kubectl(
      running.namespace,
      ...['patch', 'pod', running.name, '--subresource=status', '--type=merge', '--patch', patch],
    );
  }

  cluster.create('default', { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
  return {
    async run(namespace) {
      const pods = list<Pod>(namespace, 'pods').map((pod) => ({ pod, address: network.newAddress() }));
      const lines = list<Service>(namespace, 'services').flatMap(({ metadata, spec }) =>
        pods
          .filter(({ pod }) =>
            Object.entries(spec.selector).every(([key, value]) => pod.metadata.labels[key] === value),
          )
          .map(({ address }) => `${address} ${metadata.name} ${metadata.name}.${metadata.namespace}`),
      );
      const names = [...lines, ...Object.entries(hosts).map(([name, address]) => `${address} ${name}`)];
      const text = `127.0.0.1 localhost\n${names.join('\n')}\n`;
      return Promise.all(
        pods.map(async ({ pod, address }) => {
          const running = await start(pod, address, text);
          await becomesReady(pod, running);
          return running;
        }),
      );
    },
  };
}
