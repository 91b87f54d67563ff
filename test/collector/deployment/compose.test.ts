import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SDK_2 } from '../../../src/platform/peers.ts';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, documents, runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}

interface Scraped {
  readonly job_name: string;
  readonly file_sd_configs?: readonly { files: string[] }[];
  readonly dns_sd_configs?: unknown;
}

interface Service {
  readonly image: string;
  readonly build?: object;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly network_mode?: string;
  readonly healthcheck?: { readonly test: string | readonly string[] };
  readonly restart?: string;
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string; readonly target: number }[];
  readonly volumes?: readonly Mount[];
  readonly cap_drop?: readonly string[];
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly scale?: number;
}

const loader = component('compose-config');
const otelcol = component('otelcol-tta');
const promtool = component('promtool');
const amtool = component('amtool');
const FOLDER = collectorPath('compose');

/** The output of `docker compose config`. */
function configuration(file: string, cwd = FOLDER): { services: Record<string, Service>; volumes: object } {
  const { status, output } = runCommand(loader as string, ['--format', 'json', file], cwd);
  if (status !== 0) throw new Error(output);
  return JSON.parse(output);
}

describe.skipIf(loader === undefined)('the compose file, as the loader of docker compose reads it', () => {
  const { services, volumes } = loader === undefined ? { services: {}, volumes: {} } : configuration('compose.yaml');
  const all = Object.entries(services);
  const mounts = all.flatMap(([, { volumes = [] }]) => volumes);
  const binds = mounts.filter(({ type }) => type === 'bind');

  it('has the whole stack', () => {
    expect(Object.keys(services).sort()).toEqual(
      [
        ...['alertmanager', 'app', 'collector', 'grafana', 'jaeger', 'prometheus', 'stack'],
        ...['caller', 'redis', 'worker'],
      ].sort(),
    );
  });

  it('pins every image to a full version', () => {
    for (const [, { image }] of all) expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+$/);
  });

  it('publishes every port on loopback only, with the same number', () => {
    const ports = all.flatMap(([, { ports = [] }]) => ports);
    expect(ports.map(({ target }) => target).sort((a, b) => a - b)).toEqual([
      3000, 4317, 4318, 9090, 9093, 9464, 16686,
    ]);
    for (const { host_ip, published, target } of ports) {
      expect([host_ip, published]).toEqual(['127.0.0.1', String(target)]);
    }
  });

  it('mounts files that exist, read-only', () => {
    expect(binds.length).toBeGreaterThan(5);
    for (const { source, read_only } of binds) {
      const path = isAbsolute(source) ? source : join(FOLDER, source);
      expect(existsSync(path), path).toBe(true);
      expect(read_only, path).toBe(true);
    }
  });

  it('uses every named volume', () => {
    const named = mounts.filter(({ type }) => type === 'volume').map(({ source }) => source);
    expect(named.sort()).toEqual(Object.keys(volumes).sort());
  });

  it('has a health check for every service; one service checks those without a shell', () => {
    const withoutCheck = all.filter(([, { healthcheck }]) => healthcheck === undefined).map(([name]) => name);
    expect(withoutCheck.sort()).toEqual(['collector', 'jaeger']);
    expect(String(services.stack?.healthcheck?.test)).toMatch(/127\.0\.0\.1:13133.*jaeger:13133/);
  });

  it('gives no service a capability, and restarts each', () => {
    for (const [name, { cap_drop, restart }] of all)
      expect([name, cap_drop, restart]).toEqual([name, ['ALL'], 'unless-stopped']);
  });

  it.skipIf(otelcol === undefined)('starts the Collector with configurations that it accepts together', () => {
    const args = (services.collector?.command ?? []).map((argument) =>
      argument.replace('/etc/otelcol-tta/', `${collectorPath('otelcol')}/`),
    );
    expect(args.length).toBe(3);
    expect(runCommand(otelcol as string, ['validate', ...args])).toEqual({ status: 0, output: '' });
  });

  it.skipIf(promtool === undefined)('mounts files for Prometheus that promtool accepts', () => {
    const folder = tempFolder();
    for (const { source, target } of services.prometheus?.volumes ?? []) {
      if (!target.startsWith('/etc/prometheus/')) continue;
      const path = isAbsolute(source) ? source : join(FOLDER, source);
      runCommand('cp', ['-r', path, join(folder, target.slice('/etc/prometheus/'.length))]);
    }
    const { status, output } = runCommand(promtool as string, ['check', 'config', join(folder, 'prometheus.yml')]);
    expect(output).toContain('SUCCESS');
    expect(output).not.toMatch(/warning/i);
    expect(status).toBe(0);
  });

  it.skipIf(amtool === undefined)('mounts a file for Alertmanager that amtool accepts', () => {
    const mount = services.alertmanager?.volumes?.find(({ type }) => type === 'bind');
    const path = isAbsolute(mount?.source ?? '') ? (mount?.source as string) : join(FOLDER, mount?.source ?? '');
    expect(runCommand(amtool as string, ['check-config', path]).status).toBe(0);
  });

  it('gives Grafana the variables of its provisioning, and mounts the dashboards at the provisioned path', () => {
    const variables = [...collectorText('grafana/provisioning/datasources/tta.yml').matchAll(/: \$(\w+)$/gm)];
    expect(variables.length).toBeGreaterThan(0);
    for (const [, name = ''] of variables) expect(services.grafana?.environment?.[name], name).toMatch(/^http:/);
    const path = collectorText('grafana/provisioning/dashboards/tta.yml').match(/^ +path: (.+)$/m)?.[1];
    expect(services.grafana?.volumes?.map(({ target }) => target)).toContain(path);
  });

  it('starts a Redis that keeps its jobs, and refuses when it is full', () => {
    expect(services.redis?.command?.join(' ')).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/);
    expect(services.redis?.volumes).toMatchObject([{ type: 'volume', target: '/data' }]);
    const megabytes = (text = '') => Number.parseInt(text, 10);
    const [, limit] = services.redis?.command?.join(' ').match(/--maxmemory (\d+mb)/) ?? [];
    // Writing its file takes as much again, at the worst.
    expect(megabytes(services.redis?.mem_limit)).toBeGreaterThanOrEqual(2 * megabytes(limit));
  });

  it('gives workers longer to stop than their jobs have', () => {
    const command = services.worker?.command ?? [];
    const grace = Number(command[command.indexOf('--grace') + 1]);
    expect(grace).toBeGreaterThan(0);
    // The longest end of `tta worker` after its grace.
    expect(Number.parseInt(services.worker?.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(grace + 10);
    expect(services.worker?.scale).toBeGreaterThan(1);
  });

  it('runs workers and their caller with programs that the image has', () => {
    const dockerfile = collectorText('compose/Dockerfile');
    for (const service of [services.worker, services.caller]) {
      const [program] = service?.command?.filter((word) => word.endsWith('.mjs')) ?? [];
      expect(dockerfile).toMatch(new RegExp(`^COPY .*\\b${program}`, 'm'));
      expect(service?.environment?.REDIS_URL).toBe('redis://redis:6379');
    }
  });

  it('is refused when a key is misspelt', () => {
    const folder = tempFolder({
      'compose.yaml': collectorText('compose/compose.yaml').replace('mem_limit', 'mem_limt'),
    });
    expect(() => configuration('compose.yaml', folder)).toThrow(/mem_limt/);
  });
});

describe('the image of the example application', () => {
  const dockerfile = collectorText('compose/Dockerfile');
  const manifest = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8'),
  ) as { readonly version: string; readonly devDependencies: Record<string, string> };

  it('installs the packages that the digest and the workers load on demand, in the versions of the tests', () => {
    const installed = [...dockerfile.matchAll(/^ {2}((?:@[\w-]+\/)?[\w-]+)@(\d\S*)/gm)].map(([, name, version]) => [
      name,
      version,
    ]);
    const needed = [...Object.keys(SDK_2), 'gpt-tokenizer', 'openai', 'bullmq', 'ioredis'];
    expect(Object.fromEntries(installed)).toEqual(
      Object.fromEntries(needed.map((name) => [name, manifest.devDependencies[name]])),
    );
  });

  it('has only the files in its build context that it copies', () => {
    const ignored = collectorText('compose/Dockerfile.dockerignore').trim().split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect(ignored).toEqual(['*', ...copied.map((source) => `!${source}`)]);
  });

  it('installs this version of the package, and has its number', () => {
    const compose = collectorText('compose/compose.yaml');
    expect(compose).toContain(`TTA_PACKAGE: \${TTA_PACKAGE:-tta-primitives@${manifest.version}}`);
    expect(compose).toContain(`image: tta-primitives-example:${manifest.version}\n`);
    expect(collectorText('kubernetes/app.yaml')).toContain(`image: tta-primitives-example:${manifest.version}\n`);
  });
});

describe('the targets of the compose file', () => {
  const scraped = (path: string) =>
    documents<{ scrape_configs: readonly Scraped[] }>(collectorText(path))[0]?.scrape_configs ?? [];

  it('are those of the file-based jobs of prometheus.yml', () => {
    const files = scraped('prometheus/prometheus.yml').flatMap(({ file_sd_configs = [] }) =>
      file_sd_configs.flatMap(({ files }) => files),
    );
    expect(files.length).toBeGreaterThan(0);
    const present = readdirSync(join(FOLDER, 'targets')).map((name) => `targets/${name}`);
    for (const file of files) {
      const pattern = new RegExp(`^${file.replaceAll('.', '\\.').replace('*', '.*')}$`);
      expect(
        present.filter((path) => pattern.test(path)),
        file,
      ).not.toEqual([]);
    }
  });

  it('are the services of the file by their names, and all else is as in prometheus.yml', () => {
    const own = scraped('compose/prometheus.yml').find(({ job_name }) => job_name === 'tta-primitives');
    expect(own?.dns_sd_configs).toEqual([{ names: ['worker', 'caller'], type: 'A', port: 9464 }]);
    const comment = /^# dns_sd_configs:\n# {3}- (.*)$/m;
    const lines = collectorText('prometheus/prometheus.yml').replaceAll(/^ {4}(?=# (?:dns_sd| {2}- ))/gm, '');
    const uncommented = lines.replace(comment, '    dns_sd_configs:\n      - $1');
    expect(collectorText('compose/prometheus.yml').replace(/^# .*\n/, '')).toBe(uncommented);
  });
});
