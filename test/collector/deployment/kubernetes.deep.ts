/**
 * The guide's section on Kubernetes, followed literally on a real API server with its controllers, in two namespaces that
 * admit restricted pods only. The programs of the pods run too, in a network of their own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, documents } from '../../support/deployment.ts';
import { type Kubernetes, startKubernetes } from '../../support/kubernetes.ts';
import { type Node, type Pod, startNode } from '../../support/kubernetes-node.ts';
import { type PodNetwork, startPodNetwork } from '../../support/pod-network.ts';
import { eventually } from '../../support/prometheus.ts';
import type { PrometheusApi } from '../../support/prometheus-api.ts';
import { operatedConfiguration } from '../../support/prometheus-operator.ts';
import { type PrometheusPod, startPrometheusPod } from '../../support/prometheus-pod.ts';
import { build } from '../../support/tta.ts';

const NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
  'otelcol-tta',
  'prometheus-3',
  'prometheus-operator',
  'keda-scaledobjects.yaml',
] as const;
const programs = Object.fromEntries(NAMES.map((name) => [name, component(name)])) as Record<
  (typeof NAMES)[number],
  string
>;

/** The commands of a guide's section, as they stand: to install, and after a change of a configuration. */
function commands(guide: string): readonly [install: string, change: string] {
  const section = /\n## Kubernetes\n[\s\S]*?\n## /.exec(guide)?.[0] ?? '';
  const blocks = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block as string);
  expect(blocks).toHaveLength(2);
  return blocks as [string, string];
}
const [INSTALL, CHANGE] = commands(collectorText('README.md'));
/** A trace store: it takes everything, and tells what it got. */
const STORE = `
const { createServer } = require('node:http');
const { gunzipSync } = require('node:zlib');
const got = [];
createServer((request, response) => {
  const body = [];
  request.on('data', (part) => body.push(part)).on('end', () => {
    if (request.method === 'GET') return response.end(Buffer.concat(got));
    const sent = Buffer.concat(body);
    got.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
    response.end();
  });
}).listen(4318);
`;
const CHECKOUT = collectorPath('..');
const FOLDER = collectorPath('.');
const MANIFESTS = readdirSync(collectorPath('kubernetes')).filter((name) => name.endsWith('.yaml'));
const NAMESPACES = ['shop', 'staging'];
/** Milliseconds, on a machine that is busy with other tests. */
const PATIENCE = 180_000;
vi.setConfig({ testTimeout: 2 * PATIENCE, hookTimeout: 2 * PATIENCE });

interface Rule {
  readonly record?: string;
  readonly alert?: string;
}

interface Scraped {
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

/** prometheus.yml with the jobs of scrape-by-annotations.yml in place of its own, as the guide says; it looks each second. */
function byAnnotations(): string {
  const own = parse(collectorText('prometheus/prometheus.yml')) as Scraped;
  const found = (parse(collectorText('kubernetes/scrape-by-annotations.yml')) as Scraped).scrape_configs;
  const names = new Set(found.map(({ job_name }) => job_name));
  return stringify({
    ...own,
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    alerting: undefined,
    scrape_configs: [...own.scrape_configs.filter(({ job_name }) => !names.has(job_name)), ...found],
  });
}

const complete = NAMES.every((name) => programs[name] !== undefined);

describe.runIf(complete)('the guide on a real API server of Kubernetes', () => {
  let folder: string;
  const newFolder = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  let network: PodNetwork;
  let cluster: Kubernetes;
  let prometheus: PrometheusPod;
  let node: Node;
  let store: string;

  /** Runs lines of the guide in a shell, and returns what they wrote. Warnings are output too. */
  function sh(namespace: string, commands: string, cwd = FOLDER): { status: number | null; output: string } {
    const env = cluster.environment(namespace);
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', commands], { cwd, env, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  }

  function createNamespace(name: string): void {
    cluster.kubectl('default', 'create', 'namespace', name);
    const modes = ['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    cluster.kubectl('default', 'label', 'namespace', name, ...modes);
  }

  const pods = (namespace: string) =>
    (JSON.parse(cluster.kubectl(namespace, 'get', 'pods', '--output=json')) as { items: Pod[] }).items;

  async function allPodsAreUp(by: PrometheusApi): Promise<void> {
    const expected = NAMESPACES.flatMap((namespace) =>
      pods(namespace).map(({ metadata }) => {
        const app = metadata.labels['app.kubernetes.io/name'] === 'tta-app';
        return `${namespace} ${metadata.name} ${app ? 'tta-primitives' : 'otel-collector'} up`;
      }),
    );
    await eventually(
      'all targets are up',
      async () => {
        const found = (await by.targets()).filter(({ labels }) => labels.namespace !== undefined);
        const text = found.map(({ labels, health }) => `${labels.namespace} ${labels.pod} ${labels.job} ${health}`);
        expect(text.sort()).toEqual(expected.sort());
        return true;
      },
      PATIENCE,
    );
  }

  async function bothNamespaces(by: PrometheusApi, metric: string): Promise<void> {
    await eventually(
      `${metric} of both`,
      async () => {
        const found = (await by.query(metric)).map((series) => `${series.metric.namespace} ${series.metric.job}`);
        expect(found.sort()).toEqual(NAMESPACES.map((namespace) => `${namespace} tta-primitives`));
        return true;
      },
      PATIENCE,
    );
  }

  beforeAll(async () => {
    build();
    folder = mkdtempSync(join(tmpdir(), 'tta-kubernetes-'));
    network = await startPodNetwork();
    cluster = await startKubernetes(programs, network.gateway, newFolder('cluster'));
    const kinds = join(dirname(programs['prometheus-operator']), 'prometheus-operator-crds');
    for (const path of [kinds, programs['keda-scaledobjects.yaml']])
      cluster.kubectl('default', 'apply', '--server-side', '--filename', path);
    for (const name of [...NAMESPACES, 'monitoring']) createNamespace(name);
    await eventually('the namespaces have their account', async () =>
      NAMESPACES.every((name) => cluster.kubectl(name, 'get', 'serviceaccount', 'default') !== '') ? true : undefined,
    );
    cluster.kubectl('monitoring', 'create', 'serviceaccount', 'prometheus');
    const address = network.newAddress();
    prometheus = await startPrometheusPod(programs['prometheus-3'], {
      ...{ cluster, network, address, folder: newFolder('prometheus'), account: ['monitoring', 'prometheus'] },
      files: {
        'prometheus.yml': byAnnotations(),
        'rules/recording.yml': collectorText('prometheus/rules/recording.yml'),
        'rules/alerts.yml': collectorText('prometheus/rules/alerts.yml'),
      },
    });
    store = network.newAddress();
    await network.start(store, '', [process.execPath, '--eval', STORE], { PATH: process.env.PATH });
    const digest = 'dist/src/tools/cli/tta.js digest collector --out /tmp/digest.md --chaos --every 1';
    node = startNode({
      ...{ folder: newFolder('node'), cluster, network },
      images: {
        'tta-primitives-example': {
          command: [process.execPath, ...digest.split(' ')],
          mounts: { '/mnt': CHECKOUT },
          workingDirectory: '/mnt',
        },
        'otel/opentelemetry-collector-contrib': {
          command: ['/srv/otelcol-tta'],
          mounts: { '/srv': dirname(programs['otelcol-tta']) },
          workingDirectory: '/',
        },
      },
      hosts: { 'prometheus-operated.monitoring': address, 'jaeger-collector.observability': store },
    });
  });

  afterAll(async () => {
    await cluster?.stop();
    await network?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('Prometheus says which right it lacks, as long as it must not list pods', async () => {
    await eventually('the reason', async () =>
      /cannot list resource .*pods/.test(prometheus.log()) ? true : undefined,
    );
    expect((await prometheus.targets()).map(({ labels }) => labels.job)).not.toContain('tta-primitives');
  });

  it.each(NAMESPACES)('every command works as it stands in the namespace %s, without a warning', (namespace) => {
    const { status, output } = sh(namespace, INSTALL);
    expect(status, output).toBe(0);
    expect(output).not.toMatch(/warning|error/i);
    expect(output.split('\n').filter((line) => / created$/.test(line)).length, output).toBeGreaterThan(14);
  });

  it('a changed configuration gets into the cluster without a warning, and the collectors restart', () => {
    const { status, output } = sh('shop', CHANGE);
    expect(status, output).toBe(0);
    expect(output).not.toMatch(/warning|error/i);
    expect(output.match(/restarted$/gm)).toHaveLength(2);
  });

  it.each(NAMESPACES)('the pods are admitted in %s: two of the application and of each tier', async (namespace) => {
    const names = await eventually('six pods', async () => {
      const found = pods(namespace).map(({ metadata }) => metadata.labels['app.kubernetes.io/name']);
      return found.length >= 6 ? found.sort() : undefined;
    });
    expect(names).toEqual(['otelcol-gateway', 'otelcol-sampler', 'tta-app'].flatMap((name) => [name, name]));
    expect(cluster.kubectl(namespace, 'get', 'events', '--field-selector=type=Warning', '--output=name')).toBe('');
  });

  it('the check can fail: a pod that may become root is refused, and so is a misspelt field', () => {
    const run = (namespace: string, from: string, to: string) => {
      const [deployment] = documents<{ spec: { template: object } }>(collectorText('kubernetes/app.yaml'));
      const pod = { apiVersion: 'v1', kind: 'Pod', ...deployment?.spec.template, metadata: { name: 'bad' } };
      const text = JSON.stringify(pod).replace(from, to);
      return sh(namespace, `cat <<'END' | kubectl create --dry-run=server --filename -\n${text}\nEND`).output;
    };
    expect(run('shop', '"runAsNonRoot":true', '"runAsNonRoot":false')).toContain('violates PodSecurity');
    expect(run('shop', 'readOnlyRootFilesystem', 'readOnlyRootFile')).toContain('unknown field');
    expect(run('shop', '', '')).toContain('pod/bad created (server dry run)');
  });

  it.each(MANIFESTS)('%s is accepted with strict validation on the server', (file) => {
    const path = collectorPath(`kubernetes/${file}`);
    const { status, output } = sh(
      'shop',
      `kubectl apply --server-side --dry-run=server --force-conflicts \\
      --validate=strict --filename ${path}`,
    );
    expect(status, output).toBe(0);
    expect(output.match(/serverside-applied/g)).toHaveLength(documents(collectorText(`kubernetes/${file}`)).length);
  });

  it('the rules in the cluster are those of the files, to the last character', () => {
    for (const file of readdirSync(collectorPath('prometheus/rules'))) {
      const name = `tta-${file.replace('.yml', '')}`;
      const { spec } = JSON.parse(cluster.kubectl('shop', 'get', 'prometheusrule', name, '--output=json'));
      expect(spec).toEqual(parse(collectorText(`prometheus/rules/${file}`)));
    }
  });

  it('the programs of the pods become ready with the environment, volumes, probes and rights of the manifests', async () => {
    const running = await Promise.all(NAMESPACES.map((namespace) => node.run(namespace)));
    expect(running.flat()).toHaveLength(12);
  });

  it('Prometheus finds every pod by its annotations, with its namespace and its name', () => allPodsAreUp(prometheus));

  it.each(['tta:request_rate_5m', 'tta:success_rate_5m', 'tta:sli_latency_5m'])(
    '%s keeps two namespaces with the same application apart',
    (name) => bothNamespaces(prometheus, name),
  );

  it('spans reach the trace store through gateways and samplers, and their metrics reach Prometheus', async () => {
    await eventually(
      'spans in the store',
      async () => ((await (await fetch(`http://${store}:4318`)).text()).includes('tta-primitives') ? true : undefined),
      PATIENCE,
    );
    await eventually(
      'metrics of spans',
      async () => {
        const found = await prometheus.query('count by (namespace) (traces_span_metrics_calls_total)');
        expect(found.map(({ metric }) => metric.namespace).sort()).toEqual(NAMESPACES);
        return true;
      },
      PATIENCE,
    );
  });

  it('the operator makes of the monitors and the rules what a Prometheus finds the same pods with', async () => {
    // The one namespace has a PodMonitor of the application, the other one a ServiceMonitor.
    cluster.kubectl('staging', 'delete', 'podmonitor', 'tta-app');
    cluster.kubectl('staging', 'delete', 'prometheusrule', '--all');
    cluster.kubectl('staging', 'apply', `--filename=${collectorPath('kubernetes/service-monitor.yaml')}`);
    cluster.kubectl('monitoring', 'create', 'serviceaccount', 'operated');
    const resources = '--resource=pods,services,endpoints,endpointslices.discovery.k8s.io';
    cluster.kubectl('monitoring', 'create', 'clusterrole', 'operated', '--verb=get,list,watch', resources);
    const subject = '--serviceaccount=monitoring:operated';
    cluster.kubectl('monitoring', 'create', 'clusterrolebinding', 'operated', '--clusterrole=operated', subject);
    const operated = await startPrometheusPod(programs['prometheus-3'], {
      ...{ cluster, network, address: network.newAddress(), folder: newFolder('operated') },
      account: ['monitoring', 'operated'],
      files: await operatedConfiguration(programs['prometheus-operator'], cluster, 'monitoring'),
    });
    await allPodsAreUp(operated);
    const groups = (await operated.rules()).map(({ name }) => name);
    const shipped = ['recording', 'alerts'].flatMap((file) =>
      (parse(collectorText(`prometheus/rules/${file}.yml`)) as { groups: { rules: Rule[] }[] }).groups.flatMap(
        ({ rules }) => rules.map(({ record, alert }) => record ?? alert),
      ),
    );
    expect(groups.sort()).toEqual(shipped.sort());
    await bothNamespaces(operated, 'tta:request_rate_5m');
  });

  it('a collector may be evicted, and the second of its tier not before the first is back', () => {
    const evict = (name: string) => {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
      return sh(
        'shop',
        `echo '${JSON.stringify(eviction)}' |
        kubectl create --raw /api/v1/namespaces/shop/pods/${name}/eviction --filename -`,
      ).output;
    };
    expect(evict('otelcol-sampler-0')).toContain('"Success"');
    expect(evict('otelcol-sampler-1')).toContain('disruption budget');
  });

  it('a pod that has ended is no target, although it keeps its address', async () => {
    const [pod] = pods('staging').filter(({ metadata }) => metadata.labels['app.kubernetes.io/name'] === 'tta-app');
    const name = pod?.metadata.name as string;
    const patch = ['--subresource=status', '--type=merge', '--patch={"status":{"phase":"Failed"}}'];
    cluster.kubectl('staging', 'patch', 'pod', name, ...patch);
    await eventually('the target is gone', async () => {
      const found = (await prometheus.targets()).map(({ labels }) => labels.pod);
      return found.includes(name) ? undefined : true;
    });
  });

  it('what tta export writes is installed by the commands of its own guide', () => {
    const to = newFolder('exported');
    const { status, output } = sh('shop', `node dist/src/tools/cli/tta.js export all --job shop --to ${to}`, CHECKOUT);
    expect(status, output).toBe(0);
    createNamespace('exported');
    const installed = sh('exported', commands(readFileSync(join(to, 'README.md'), 'utf8'))[0], to);
    expect(installed.status, installed.output).toBe(0);
    expect(installed.output).not.toMatch(/warning|error/i);
    expect(cluster.kubectl('exported', 'get', 'podmonitor', 'tta-app', '--output=yaml')).toContain('replacement: shop');
  });
});
