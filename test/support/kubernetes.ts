/** Starts an API server of Kubernetes with its controllers and etcd. Pods are created and admitted; there is no node that runs them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { eventually } from './prometheus.ts';

export interface Kubernetes {
  readonly url: string;
  /** The file with the certificate that signed the server's. */
  readonly ca: string;
  /** The environment in which kubectl speaks to this API server, with `namespace` as the current namespace. */
  environment(namespace: string): NodeJS.ProcessEnv;
  /** Runs kubectl in a namespace and returns its stdout. @throws Error with its output when it fails */
  kubectl(namespace: string, ...args: readonly string[]): string;
  create(namespace: string, object: object): void;
  stop(): Promise<void>;
}

interface KubernetesPrograms {
  readonly etcd: string;
  readonly 'kube-apiserver': string;
  readonly 'kube-controller-manager': string;
}

/**
 * @param address where the API server listens, for instance in the network of the pods
 * @param folder an empty folder for its data
 */
export async function startKubernetes(
  programs: KubernetesPrograms,
  address: string,
  folder: string,
): Promise<Kubernetes> {
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const children: { readonly child: ChildProcess; readonly exited: Promise<unknown>; log: string }[] = [];
  function run(program: keyof KubernetesPrograms, ...args: readonly string[]): void {
    // It ends with this process, also when this process is killed.
    const whole = ['--pdeathsig=KILL', programs[program], ...args];
    const child = spawn('setpriv', whole, { stdio: ['ignore', 'ignore', 'pipe'] });
    const started = { child, exited: new Promise((resolve) => child.on('close', resolve)), log: '' };
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      started.log = (started.log + chunk).slice(-10_000);
    });
    children.push(started);
  }

  const [store, peers, port, controllers] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const url = `https://${address}:${port}`;
  const ca = join(folder, 'certificates/apiserver.crt');
  run(
    'etcd',
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    ...['listen', 'advertise'].map((verb) => `--${verb}-client-urls=http://127.0.0.1:${store}`),
    `--listen-peer-urls=http://127.0.0.1:${peers}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`,
    `--initial-cluster=default=http://127.0.0.1:${peers}`,
  );
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const signingKey = file('accounts.pem', accounts.export({ type: 'pkcs1', format: 'pem' }).toString());
  run(
    'kube-apiserver',
    `--etcd-servers=http://127.0.0.1:${store}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${file('tokens.csv', 'administrator,administrator,1,system:masters\n')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.invalid',
    `--service-account-key-file=${signingKey}`,
    `--service-account-signing-key-file=${signingKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // The service `kubernetes` gets no addresses: a loopback address is not allowed there.
    '--endpoint-reconciler-type=none',
  );
  const configuration = (namespace: string) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': ca } }],
      users: [{ name: 'administrator', user: { token: 'administrator' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'administrator', namespace } }],
      'current-context': 'test',
    });
  const environment = (namespace: string) => ({
    ...process.env,
    KUBECONFIG: file(`kubeconfig-${namespace}`, configuration(namespace)),
  });

  async function stop(): Promise<void> {
    // The store last: the others wait for it when they end.
    for (const { child, exited } of children.toReversed()) {
      child.kill('SIGKILL');
      await exited;
    }
  }

  try {
    await eventually('the API server is ready', async () => {
      const ended = children.find(({ child }) => child.exitCode !== null);
      if (ended !== undefined) throw new Error(`a program ended:\n${ended.log}`);
      const { status } = spawnSync('kubectl', ['get', '--raw', '/readyz'], { env: environment('default') });
      return status === 0 ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  run(
    'kube-controller-manager',
    `--kubeconfig=${environment('default').KUBECONFIG}`,
    `--service-account-private-key-file=${signingKey}`,
    `--root-ca-file=${ca}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${controllers}`,
    `--cert-dir=${join(folder, 'certificates-of-controllers')}`,
    '--leader-elect=false',
    // It would find that the node of the tests sends no signs of life.
    '--controllers=*,-node-lifecycle-controller',
  );
  function kubectl(namespace: string, args: readonly string[], input = ''): string {
    const options = { env: environment(namespace), encoding: 'utf8', timeout: 60_000, input } as const;
    const { status, stdout, stderr } = spawnSync('kubectl', args, options);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  return {
    url,
    ca,
    environment,
    kubectl: (namespace, ...args) => kubectl(namespace, args),
    create: (namespace, object) => void kubectl(namespace, ['create', '--filename=-'], JSON.stringify(object)),
    stop,
  };
}
