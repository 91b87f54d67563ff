/** Every block of commands of the guide, run as it stands in an exported folder, on a machine that has none of its folders. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorText, runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

const BLOCKS = [...collectorText('README.md').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
/** Programs that change this machine or a cluster, or that do not end. In their place, a note of their arguments. */
const NOTED = ['docker', 'kubectl', 'systemctl', 'prometheus', 'alertmanager'];
const promtool = component('promtool');
const amtool = component('amtool');

interface Machine {
  readonly root: string;
  /** The folder with the exported files. */
  readonly folder: string;
  run(block: string): { status: number | null; output: string };
  /** The command lines of the programs that are only noted. */
  noted(): string[];
}

async function createMachine(): Promise<Machine> {
  const root = tempFolder({ 'etc/default/keep': '', 'project/name.env': 'OTEL_SERVICE_NAME=name\n' });
  const project = join(root, 'project');
  expect((await tta(['export', 'all', '--to', '.'], { cwd: project }).exited).code).toBe(0);
  mkdirSync(join(root, 'bin'));
  const log = join(root, 'noted');
  writeFileSync(log, '');
  for (const name of NOTED) {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n[ -t 0 ] || cat >>${root}/stdin\necho "${name} $*" >>${log}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  }
  return {
    root,
    folder: project,
    run: (block) => {
      const moved = block.replaceAll(/(?<![\w.])\/(?=etc\/|var\/lib\/)/g, `${root}/`);
      return runCommand('sh', ['-euc', `umask 077; PATH=${root}/bin:$PATH; ${moved}`], project);
    },
    noted: () => readFileSync(log, 'utf8').trim().split('\n'),
  };
}

const block = (word: string) => BLOCKS.find((each) => each.includes(word)) ?? expect.unreachable(word);

describe('the commands of the guide', () => {
  beforeAll(build);

  it('end without an error or a message, in a shell that stops at the first failure', async () => {
    const machine = await createMachine();
    expect(BLOCKS.length).toBeGreaterThanOrEqual(5);
    for (const each of BLOCKS) expect(machine.run(each), each).toEqual({ status: 0, output: '' });
    // What was only noted names files that there are.
    const files = machine
      .noted()
      .flatMap((line) => [...line.matchAll(/--?f[\w.-]*[= ](\S+\.ya?ml)/g)].map(([, file]) => file));
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) expect(existsSync(join(machine.folder, file as string)), file).toBe(true);
  });

  it('install files that their programs accept, and that services can read', async () => {
    const machine = await createMachine();
    machine.run(block('systemctl daemon-reload'));
    machine.run(block('grafana-server'));
    const etc = (path: string) => join(machine.root, 'etc', path);
    if (promtool !== undefined) {
      const { status, output } = runCommand(promtool, ['check', 'config', etc('prometheus/prometheus.yml')]);
      expect({ status, rules: /SUCCESS: \d+ rules found/.test(output) }, output).toEqual({ status: 0, rules: true });
    }
    if (amtool !== undefined)
      expect(runCommand(amtool, ['check-config', etc('alertmanager/alertmanager.yml')]).status).toBe(0);
    for (const path of [
      ...['prometheus/prometheus.yml', 'prometheus/rules/alerts.yml', 'prometheus/targets/tta-primitives.yml'],
      ...['alertmanager/alertmanager.yml', 'otelcol-tta/gateway.yaml', 'otelcol-tta/sampler.yaml'],
      ...['systemd/system/prometheus.service', 'systemd/system/tta-app@.service'],
      ...['grafana/provisioning/dashboards/tta.yml', 'grafana/provisioning/datasources/tta.yml'],
    ]) {
      expect(statSync(etc(path)).mode & 0o777, path).toBe(0o644);
      expect(statSync(join(etc(path), '..')).mode & 0o777, path).toBe(0o755);
    }
    expect(readFileSync(etc('otelcol-tta/token'), 'utf8')).toMatch(/^[\da-f]{64}$/);
    for (const path of ['otelcol-tta/token', 'tta/NAME.env'])
      expect(statSync(etc(path)).mode & 0o777, path).toBe(0o600);
  });

  it('give the Prometheus Operator every rule', async () => {
    const machine = await createMachine();
    machine.run(block('prometheus-rules.sh'));
    expect(readFileSync(join(machine.root, 'stdin'), 'utf8').match(/^kind: PrometheusRule$/gm)).toHaveLength(2);
    expect(machine.noted()).toContain('kubectl apply --filename -');
  });
});
