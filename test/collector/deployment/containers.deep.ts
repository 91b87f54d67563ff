/**
 * compose.yaml without Grafana, brought up by podman: every service but Grafana becomes healthy by the checks of the file,
 * and they work together.
 *
 * No registry can be reached. Every image is made here, of the same program in a version that can be built, and with what
 * the Dockerfile of the real one says: entry point, user, folders, and whether it has busybox (those of Prometheus 3.13 and
 * Alertmanager 0.33 have) or nothing but the program (the Collector).
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ROOT, succeed } from '../../package/project.ts';
import { component } from '../../support/component.ts';
import { type ComposeFile, composeArguments, startOrder } from '../../support/compose-arguments.ts';
import { CONTAINER_PROGRAMS, type Engine, type ImageContents, startContainers } from '../../support/containers.ts';
import { collectorPath } from '../../support/deployment.ts';
import { eventually } from '../../support/prometheus.ts';
import type { Series } from '../../support/prometheus-api.ts';
import { build } from '../../support/tta.ts';

const NAMES = [
  'otelcol-tta',
  'prometheus-3',
  'prometheus-alertmanager',
  'jaeger',
  'compose-config',
  'redis-server',
  'redis-cli',
] as const;
const programs = Object.fromEntries([...NAMES, ...CONTAINER_PROGRAMS].map((name) => [name, component(name)]));
const complete = Object.values(programs).every((path) => path !== undefined);
const at = (name: (typeof NAMES)[number]) => programs[name] as string;

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** The limit of a cgroup, of either version. */
const MEMORY_LIMIT = 'cat /sys/fs/cgroup/memory$1/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup$1/memory.max';
const bytes = (limit: string) => Number.parseInt(limit, 10) * 2 ** (limit.endsWith('g') ? 30 : 20);
/** Debian's Alertmanager reads its templates from files; in that of the image they are in the program. */
const TEMPLATES = '/usr/share/prometheus/alertmanager';
const present = (path: string) => (existsSync(path) ? { [path]: path } : {});
const SERVICES = ['alertmanager', 'app', 'caller', 'collector', 'jaeger', 'prometheus', 'redis', 'stack', 'worker'];
/** Each service, and each container of one that has several. */
const CONTAINERS = [...SERVICES, 'worker-2'];

/** By the name of the image without its version. */
async function imageContents(): Promise<Readonly<Record<string, ImageContents>>> {
  const npm = join((await succeed('npm', ['root', '--global'], '/')).trim(), 'npm');
  const registry = (await succeed('npm', ['config', 'get', 'registry'], '/')).trim();
  const certificates = present(CERTIFICATES);
  const ofPrometheus = (name: string, program: string): ImageContents => ({
    tools: true,
    files: { [`/bin/${name}`]: program, ...present(TEMPLATES) },
    folders: [`/${name}`, `/etc/${name}`],
    settings: ['USER nobody', `WORKDIR /${name}`, `VOLUME /${name}`, `ENTRYPOINT ["/bin/${name}"]`],
  });
  return {
    busybox: { tools: true, settings: [] },
    'prom/prometheus': ofPrometheus('prometheus', at('prometheus-3')),
    'prom/alertmanager': ofPrometheus('alertmanager', at('prometheus-alertmanager')),
    'otel/opentelemetry-collector-contrib': {
      tools: false,
      files: { '/otelcol-contrib': at('otelcol-tta'), ...certificates },
      settings: ['USER 10001', 'ENTRYPOINT ["/otelcol-contrib"]'],
    },
    'jaegertracing/jaeger': {
      tools: true,
      files: { '/cmd/jaeger/jaeger-linux': at('jaeger') },
      settings: ['USER 10001', 'ENV JAEGER_LISTEN_HOST=0.0.0.0', 'ENTRYPOINT ["/cmd/jaeger/jaeger-linux"]'],
    },
    redis: {
      tools: true,
      files: { '/usr/local/bin/redis-server': at('redis-server'), '/usr/local/bin/redis-cli': at('redis-cli') },
      folders: ['/data'],
      owner: 999,
      settings: ['ENV PATH=/usr/local/bin:/usr/bin:/bin', 'VOLUME /data', 'WORKDIR /data'],
    },
    // With the certificates and the registry of this machine.
    node: {
      tools: true,
      files: { '/usr/local/bin/node': process.execPath, '/usr/local/lib/node_modules/npm': npm, ...certificates },
      links: {
        '/usr/local/bin/npm': '../lib/node_modules/npm/bin/npm-cli.js',
        '/usr/bin/env': '/bin/busybox',
      },
      settings: [
        'ENV PATH=/usr/local/bin:/usr/bin:/bin',
        `ENV NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
        `ENV npm_config_registry=${registry}`,
      ],
    },
  };
}

/** Milliseconds, on a machine that is busy with other tests. */
const PATIENCE = 180_000;
vi.setConfig({ testTimeout: 2 * PATIENCE, hookTimeout: 3 * PATIENCE });

describe.runIf(complete)('the compose file, brought up by podman', () => {
  let engine: Engine;
  let file: ComposeFile;
  const soon = <T>(what: string, look: () => Promise<T | undefined>) => eventually(what, look, PATIENCE);
  const container = (service: string) => `${file.name}-${service}`;
  const namesOf = (service: string) => CONTAINERS.filter((name) => name === service || name === `${service}-2`);

  async function imageOf(name: string): Promise<void> {
    const known = await imageContents();
    const contents = known[name.split(':')[0] as string];
    if (contents === undefined) throw new Error(`nobody knows what is in ${name}`);
    await engine.createImage(`docker.io/${name.includes('/') ? '' : 'library/'}${name}`, contents);
  }

  /** The compose file of a folder, with the values that it has without variables of the environment. */
  async function load(folder: string): Promise<ComposeFile> {
    const read = await succeed(at('compose-config'), ['--format', 'json', 'compose.yaml'], join(folder, 'compose'));
    return JSON.parse(read) as ComposeFile;
  }

  /** What `docker compose --file compose/compose.yaml up --build --detach` does, in a folder with the files of collector/. */
  async function up(folder: string): Promise<void> {
    const pack = ['pack', '--silent', '--pack-destination', join(folder, 'compose')];
    const packed = (await succeed('npm', pack, ROOT)).trim();
    const { services, ...rest } = await load(folder);
    const { grafana, ...others } = services;
    expect(grafana).toBeDefined();
    file = { ...rest, services: others };
    for (const service of startOrder(file)) {
      const { build: from } = file.services[service] ?? {};
      if (from === undefined) continue;
      const { context, dockerfile, args = {} } = from;
      await engine.podman(
        [
          ...['build', '--quiet', '--pull=never', '--network=host', '--isolation=chroot'],
          `--tag=${file.services[service]?.image}`,
          `--file=${join(context, dockerfile)}`,
          `--ignorefile=${join(context, `${dockerfile}.dockerignore`)}`,
          ...Object.entries({ ...args, TTA_PACKAGE: `./${packed}` }).map((each) => `--build-arg=${each.join('=')}`),
          context,
        ],
        { network: 'machine' },
      );
    }
    await engine.podman(['network', 'create', `${file.name}_default`]);
    for (const service of startOrder(file)) {
      for (const name of namesOf(service)) {
        const args = [`--name=${container(name)}`, '--pull=never', `--cgroup-parent=/${engine.cgroup}`];
        await engine.podman(['create', ...args, ...composeArguments(file, service)]);
        await engine.podman(['start', container(name)]);
      }
    }
  }

  async function down(): Promise<void> {
    for (const service of startOrder(file).toReversed())
      for (const name of namesOf(service)) await engine.podman(['rm', '--force', container(name)]);
    await engine.podman(['network', 'rm', `${file.name}_default`]);
  }

  /** Runs the health checks of the file until each succeeds. */
  async function allHealthy(): Promise<void> {
    for (const service of SERVICES) {
      const healthcheck = file.services[service]?.healthcheck;
      if (healthcheck === undefined || healthcheck === null) continue;
      await soon(`${service} is healthy`, async () => {
        await engine.podman(['healthcheck', 'run', container(service)]);
        return true;
      });
    }
    const running = await engine.podman(['ps', '--format={{.Names}}']);
    expect(running.trim().split('\n').sort()).toEqual(CONTAINERS.map(container).sort());
    expect(file.services.worker?.scale).toBe(2);
  }

  const inspect = async (service: string) =>
    (
      JSON.parse(await engine.podman(['inspect', container(service)])) as [
        { State: { Pid: number; CgroupPath: string }; RestartCount: number },
      ]
    )[0];
  const query = async (expression: string) => {
    const url = `http://127.0.0.1:9090/api/v1/query?${new URLSearchParams({ query: expression })}`;
    return (JSON.parse(await engine.get(url)) as { data: { result: Series[] } }).data.result;
  };
  /** How many traces the store shows, of the last ones. */
  const traces = async () =>
    (
      JSON.parse(await engine.get('http://127.0.0.1:16686/api/traces?service=tta-primitives&limit=20&lookback=1h')) as {
        data: object[];
      }
    ).data.length;

  beforeAll(async () => {
    build();
    engine = await startContainers();
    const exported = join(engine.folder, 'exported');
    const command = [join(ROOT, 'dist/src/tools/cli/tta.js'), 'export', 'all', '--to', exported];
    await succeed(process.execPath, command, ROOT);
    const images = ['busybox:1.37.0', 'node:20.20.2-bookworm-slim'];
    for (const image of images) await imageOf(image);
    const { services } = await load(exported);
    for (const [name, { image, build: own }] of Object.entries(services))
      if (own === undefined && name !== 'grafana' && !images.includes(image)) await imageOf(image);
    await up(exported);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it('starts its services, and each becomes healthy', allHealthy);

  it('gives them no rights: no capabilities, a root that cannot be written, the memory of the file', async () => {
    for (const service of SERVICES) {
      const { State } = await inspect(service);
      const status = await engine.must(['cat', `/proc/${State.Pid}/status`]);
      expect(status, service).toMatch(/^CapEff:\t0{16}$/m);
      expect(status, service).toMatch(/^CapBnd:\t0{16}$/m);
      expect(status, service).toMatch(/^NoNewPrivs:\t1$/m);
      if (service !== 'collector') expect(status, service).not.toMatch(/^Uid:\t0\b/m);
      const limit = await engine.must(['sh', '-c', MEMORY_LIMIT, 'sh', State.CgroupPath]);
      const wanted = file.services[service]?.mem_limit;
      if (wanted !== undefined) expect([service, Number(limit)]).toEqual([service, bytes(String(wanted))]);
      const mounts = await engine.must(['cat', `/proc/${State.Pid}/mountinfo`]);
      const [, options] = / \/ \/ (\w\w)[, ]/.exec(mounts) ?? [];
      expect([service, options]).toEqual([service, file.services[service]?.read_only === true ? 'ro' : 'rw']);
    }
  });

  it('brings metrics to Prometheus, spans to Jaeger and alerts to Alertmanager, at the published ports', async () => {
    await soon('all targets are up', async () => {
      const up = (await query('up')).map(({ metric, value }) => `${metric.job} ${value[1]}`);
      // Grafana is not among the services here.
      const expected = [
        'alertmanager 1',
        'grafana 0',
        'jaeger 1',
        'otel-collector 1',
        'prometheus 1',
        // The example, its two workers and their caller.
        ...Array(4).fill('tta-primitives 1'),
      ];
      expect(up.sort()).toEqual(expected);
      return true;
    });
    await soon('work of both workers', async () => {
      const [slots] = await query('tta:queue_slots{queue_name="texts"}');
      const [done] = await query('tta_workflow_executions_total{job="tta-caller",status="success"} > 0');
      return slots?.value[1] === '16' && done !== undefined ? true : undefined;
    });
    await soon('executions', async () => (await query('tta_workflow_executions_total > 0'))[0]);
    await soon('traces', async () => ((await traces()) > 0 ? true : undefined));
    await soon('an alert', async () => {
      const alerts = await engine.get('http://127.0.0.1:9093/api/v2/alerts');
      return alerts.includes('TTAWatchdog') ? true : undefined;
    });
    expect(await engine.get('http://127.0.0.1:9464/metrics')).toContain('tta_workflow_executions_total{');
  });

  it.each(['app', 'worker', 'redis', 'collector', 'prometheus', 'alertmanager'])(
    'starts %s again when it ends',
    async (service) => {
      const before = (await inspect(service)).State.Pid;
      await engine.must(['kill', '-KILL', String(before)]);
      await soon('another process', async () => {
        const { Pid } = (await inspect(service)).State;
        return Pid === 0 || Pid === before ? undefined : true;
      });
      await allHealthy();
    },
  );

  it('keeps data in the volumes, and comes up from the checkout too', async () => {
    const counted = 'count_over_time(up{job="prometheus"}[1h])';
    const before = Number((await query(counted))[0]?.value[1]);
    await down();
    const checkout = join(engine.folder, 'checkout');
    cpSync(collectorPath('.'), checkout, { recursive: true });
    await up(checkout);
    await allHealthy();
    await soon('samples of before', async () => {
      const [now] = await query(counted);
      return Number(now?.value[1]) >= before ? true : undefined;
    });
  });
});
