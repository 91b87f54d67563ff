/** Runs the Prometheus Operator outside of the cluster, and reads what it makes of the monitors and rules of all namespaces. */
import { spawn } from 'node:child_process';
import { gunzipSync } from 'node:zlib';
import { freePort } from './free-port.ts';
import type { Kubernetes } from './kubernetes.ts';
import { eventually } from './prometheus.ts';

/** As in a cluster whose Prometheus takes everything: of all namespaces, whatever its labels. */
const EVERYTHING = Object.fromEntries(
  ['podMonitor', 'serviceMonitor', 'rule'].flatMap((kind) => [
    [`${kind}Selector`, {}],
    [`${kind}NamespaceSelector`, {}],
  ]),
);

/**
 * Creates a Prometheus object and returns the configuration and the rules that its pods would get, with the names of the
 * files relative to the configuration.
 */
export async function operatedConfiguration(
  program: string,
  cluster: Kubernetes,
  namespace: string,
): Promise<Record<string, string>> {
  const env = cluster.environment(namespace);
  const child = spawn(program, [`--web.listen-address=127.0.0.1:${await freePort()}`, '--kubelet-endpoints=false'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log = (log + chunk).slice(-10_000);
    });
  const object = { apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', metadata: { name: 'main' } };
  const spec = { serviceAccountName: 'operated', evaluationInterval: '2s', enableRemoteWriteReceiver: true };
  cluster.create(namespace, { ...object, spec: { ...spec, ...EVERYTHING } });
  const read = (kind: string, name: string) =>
    JSON.parse(cluster.kubectl(namespace, 'get', kind, name, '--output=json')) as { data: Record<string, string> };
  try {
    return await eventually(`the operator has made the configuration; it said\n${log}`, async () => {
      if (child.exitCode !== null) throw new Error(log);
      // The set of pods is made last.
      cluster.kubectl(namespace, 'get', 'statefulset', 'prometheus-main');
      const packed = Buffer.from(read('secret', 'prometheus-main').data['prometheus.yaml.gz'] as string, 'base64');
      const text = gunzipSync(packed).toString();
      const name = 'prometheus-main-rulefiles-0';
      // In a pod, its second program fills these in.
      const own = text
        .replaceAll('/etc/prometheus/', '')
        .replaceAll('$(POD_NAME)', 'main-0')
        .replaceAll('$(SHARD)', '0');
      const rules = Object.entries(read('configmap', name).data);
      return {
        'prometheus.yml': own,
        ...Object.fromEntries(rules.map(([file, rule]) => [`rules/${name}/${file}`, rule])),
      };
    });
  } finally {
    child.kill('SIGKILL');
  }
}
