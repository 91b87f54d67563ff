/** `tta export all` of the packed package, in a user's project and with options, read by every program that reads it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endChildren, runProgram } from '../support/child.ts';
import { component } from '../support/component.ts';
import { documents, runCommand } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { eventually, startPrometheus } from '../support/prometheus.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { createProject, type Project, ROOT, succeed } from './project.ts';

const programs = Object.fromEntries(
  ['promtool', 'promtool-3', 'amtool', 'otelcol-tta', 'compose-config', 'kubernetes-validate', 'systemd-analyze'].map(
    (name) => [name, component(name)],
  ),
);

let project: Project;
let folder: string;
let port: number;
/** The text of each exported file by its path. */
let files: ReadonlyMap<string, string>;

beforeAll(async () => {
  project = await createProject();
  port = await freePort();
  const pack = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', project.folder];
  const [{ filename }] = JSON.parse(await succeed('npm', pack, ROOT)) as [{ filename: string }];
  await project.install(join(project.folder, filename), '@opentelemetry/api');
  const options = [
    ...['--job', 'shop.eu', '--target', `127.0.0.1:${port}`],
    ...['--cluster-label', 'k8s_cluster', '--namespace-label', 'k8s_ns'],
    ...['--runbook-url', 'https://wiki.example/tta', '--threshold', 'TTAHighErrorRate=2.5'],
  ];
  await succeed('npx', ['tta', 'export', 'all', ...options], project.folder);
  folder = join(project.folder, 'observability');
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  files = new Map(
    found.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')] as const;
    }),
  );
}, 300_000);

afterAll(async () => {
  endChildren();
  await project?.remove();
});

const accepts = (program: string, ...args: string[]) => {
  const { status, output } = runCommand(programs[program] as string, args, folder);
  expect(status, output).toBe(0);
  return output;
};

describe('what is exported from a packed installation', () => {
  it('names no file that is not among it', () => {
    const paths = [...files.keys()];
    /** Files that the reader makes, as the text says, and the name of an API of Kubernetes. */
    const made = /^(?:keda\.sh|tls\.yaml|app\.js|worker\.js|package\.json|load\.json|targets\/tta-workers-NAME\.yml)$/;
    const exists = (from: string, named: string) => {
      // `tta doctor` names the files as they are seen from the project.
      const name = named.replace(/^observability\//, '');
      const resolved = posix.normalize(posix.join(posix.dirname(from), name));
      return (
        made.test(name) ||
        paths.includes(resolved) ||
        paths.some((path) => path === name || path.endsWith(`/${name}`) || `${path}/`.startsWith(`${resolved}/`))
      );
    };
    for (const [path, text] of files) {
      if (path === '.tta-export.json') continue;
      const visible = text.replaceAll(/<!--.*?-->|(?:\[[^\]]*\]\()?https?:\/\/\S+/g, '');
      const names = [
        ...visible.matchAll(
          /(?<![\w/.$@*{}-])(?:\.\.?\/)*(?:[\w@-]+\/)*[\w@-]+\.(?:ya?ml|md|sh|service|conf|json|ts)\b/g,
        ),
        ...visible.matchAll(/(?<![\w./])(?:\.\.\/)+[\w./-]*\w/g),
      ];
      expect(
        names.map(([name]) => name).filter((name) => !exists(path, name)),
        path,
      ).toEqual([]);
    }
  });

  it.each(['promtool', 'promtool-3'])('is a configuration with rules that %s accepts', (program) => {
    if (programs[program] === undefined) return;
    const output = accepts(program, 'check', 'config', 'prometheus/prometheus.yml');
    expect(output.match(/SUCCESS: \d+ rules found/g)).toHaveLength(2);
  });

  it.skipIf(programs.amtool === undefined)('is a configuration that Alertmanager accepts', () => {
    expect(accepts('amtool', 'check-config', 'alertmanager/alertmanager.yml')).toContain('SUCCESS');
  });

  it.skipIf(programs['otelcol-tta'] === undefined)('are configurations that the Collector accepts', () => {
    const sets = [['laptop'], ['gateway'], ['sampler'], ['laptop', 'scrape'], ['gateway', 'scrape', 'push']];
    for (const set of sets)
      expect(accepts('otelcol-tta', 'validate', ...set.flatMap((name) => ['--config', `otelcol/${name}.yaml`]))).toBe(
        '',
      );
  });

  it.skipIf(programs['compose-config'] === undefined)('is a compose file with mounts and a build of its own', () => {
    const output = runCommand(
      programs['compose-config'] as string,
      ['--format', 'json', 'compose.yaml'],
      join(folder, 'compose'),
    );
    const { services } = JSON.parse(output.output) as {
      services: Record<string, { build?: { context: string }; volumes?: { type: string; source: string }[] }>;
    };
    const places = Object.values(services).flatMap(({ build, volumes = [] }) => [
      ...(build === undefined ? [] : [build.context]),
      ...volumes.filter(({ type }) => type === 'bind').map(({ source }) => source),
    ]);
    expect(places.length).toBeGreaterThan(6);
    const compose = join(folder, 'compose');
    for (const place of places) expect(posix.resolve(compose, place)).toMatch(new RegExp(`^${folder}/`));
    for (const place of places) expect(() => readdirSync(posix.resolve(compose, place, '..')), place).not.toThrow();
  });

  it.skipIf(programs['kubernetes-validate'] === undefined)(
    'are manifests that follow the schemas of Kubernetes',
    () => {
      const names = [...files.keys()].filter(
        (path) => /^kubernetes\/.*\.yaml$/.test(path) && !files.get(path)?.includes('monitoring.coreos.com'),
      );
      expect(names.length).toBeGreaterThan(3);
      accepts('kubernetes-validate', '--strict', '--kubernetes-version', '1.33', ...names);
      const rules = documents<{ kind: string }>(runCommand('sh', ['kubernetes/prometheus-rules.sh'], folder).output);
      expect(rules.map(({ kind }) => kind)).toEqual(['PrometheusRule', 'PrometheusRule']);
    },
  );

  it.skipIf(programs['systemd-analyze'] === undefined)('are units that systemd accepts', () => {
    const root = tempFolder();
    const units = join(root, 'etc/systemd/system');
    cpSync('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), { recursive: true });
    cpSync(join(folder, 'systemd'), units, { recursive: true });
    for (const program of [
      'usr/local/bin/alertmanager',
      'usr/bin/node',
      'usr/bin/otelcol-tta',
      'usr/bin/prometheus',
      'bin/kill',
    ]) {
      mkdirSync(join(root, program, '..'), { recursive: true });
      writeFileSync(join(root, program), '#!/bin/sh\n', { mode: 0o755 });
    }
    const names = readdirSync(units).filter((name) => name.endsWith('.service'));
    accepts(
      'systemd-analyze',
      'verify',
      '--man=no',
      `--root=${root}`,
      ...names.map((name) => name.replace('@.', '@demo.')),
    );
  });

  it('are dashboards whose queries have the labels of the installation', () => {
    const dashboards = [...files].filter(([path]) => path.startsWith('grafana/dashboards/'));
    expect(dashboards.length).toBe(6);
    for (const [path, text] of dashboards) {
      JSON.parse(text);
      expect(text, path).toContain('k8s_ns=~\\"$namespace\\"');
      expect(text, path).not.toMatch(/[^\w_](?:cluster|namespace)(?:=~|,|\))/);
    }
  });
});

describe.each(['prometheus', 'prometheus-3'])('the exported rules in a real %s', (name) => {
  const program = component(name);

  it.skipIf(program === undefined)('tell the truth about the targets of the job, also in a namespace', async () => {
    writeFileSync(
      join(folder, 'prometheus/targets/tta-primitives.yml'),
      "- targets: ['127.0.0.1:9']\n  labels: { k8s_cluster: eu, k8s_ns: staging }\n",
    );
    const app = runProgram(
      `await register(); task('one', async () => 1); console.log('READY'); setInterval(() => {}, 1000);`,
      {
        env: {
          OTEL_SERVICE_NAME: 'shop.eu',
          OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
          OTEL_TRACES_EXPORTER: 'none',
        },
      },
    );
    await app.says('READY');
    const prometheus = await startPrometheus(program as string, `127.0.0.1:${port}`, {
      source: join(folder, 'prometheus'),
      editRules: (text) => text.replaceAll(/for: \d+[mhd]$/gm, 'for: 1s'),
    });
    onTestFinished(() => prometheus.stop());
    const firing = async () => {
      const alerts = await prometheus.query(
        'ALERTS{alertstate="firing",alertname=~"TTA(?:ServiceDown|MissingMetrics)"}',
      );
      return alerts.map(({ metric: { alertname, job, k8s_cluster = '', k8s_ns = '' } }) =>
        [alertname, job, k8s_cluster, k8s_ns].join(' ').trim(),
      );
    };
    const fires = (...wanted: string[]) =>
      eventually(wanted.join(), async () => (String((await firing()).sort()) === String(wanted) ? true : undefined));
    await eventually('the program is seen', async () => (await prometheus.query('tta:memory_utilization_mb'))[0]);
    await fires('TTAServiceDown shop.eu eu staging');
    app.kill('SIGKILL');
    await fires('TTAServiceDown shop.eu', 'TTAServiceDown shop.eu eu staging');
    const response = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as { data: { groups: { rules: { name: string; health: string }[] }[] } };
    expect(data.groups.flatMap(({ rules }) => rules).filter(({ health }) => health === 'err')).toEqual([]);
  });
});
