import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

const promtool = component('promtool');
const shipped = (path: string) => readFileSync(new URL(`../../../collector/${path}`, import.meta.url), 'utf8');
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

async function run(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await tta(['export', ...args], { cwd }).exited;
  return { code, lines: stdout.trimEnd().split('\n'), stderr };
}

describe('tta export', () => {
  it.each([
    ['rules', ['prometheus/rules/recording.yml']],
    ['alerts', ['alertmanager/alertmanager.yml', 'grafana/alerting/rules.json', 'prometheus/rules/alerts.yml']],
    ['dashboards', ['grafana/dashboards/tta-system-overview.json', 'grafana/provisioning/dashboards/tta.yml']],
    ['collector', ['otelcol/gateway.yaml', 'otelcol/laptop.yaml', 'otelcol/sampler.yaml']],
    [
      'prometheus',
      ['prometheus/prometheus.yml', 'prometheus/rules/alerts.yml', 'prometheus/targets/tta-primitives.yml'],
    ],
    ['all', ['systemd/prometheus.service', 'compose/compose.yaml', 'prometheus/prometheus.yml']],
  ])('%s: writes the shipped files, lists them, and writes each once', async (what, expected) => {
    const cwd = tempFolder();
    const { code, lines, stderr } = await run(cwd, what);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const files = filesBelow(join(cwd, 'observability')).filter((path) => path !== '.tta-export.json');
    expect(lines.sort()).toEqual(files.map((path) => `written     observability/${path}`).sort());
    for (const path of files) expect(readFileSync(join(cwd, 'observability', path), 'utf8')).toBe(shipped(path));
    for (const path of expected) expect(files).toContain(path);
    expect(files.filter((path) => /\.ts$|test/.test(path))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'RUNBOOK.md']));
    expect((await run(cwd, what)).lines.every((line) => line.startsWith('same '))).toBe(true);
  });

  it('writes no file, and leaves nothing behind, when one of them cannot be written', async () => {
    // The folder of the alerts' last file is a file.
    const cwd = tempFolder({ 'own/prometheus/rules': '' });
    const { code, stderr } = await run(cwd, 'alerts', '--to', 'own');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tta: .*ENOTDIR/);
    expect(filesBelow(join(cwd, 'own'))).toEqual(['prometheus/rules']);
  });

  it('ends with the reason where the system has no place for a new folder', async () => {
    const { code, stderr } = await run(tempFolder(), 'rules', '--to', '/proc/tta');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tta: nothing was written: ENOENT.*mkdir '\/proc\/tta'/);
  });

  it('writes no file when the user has changed or made one of them, except with --force', async () => {
    const cwd = tempFolder({ 'made/prometheus/rules/alerts.yml': 'groups: []\n' });
    const made = await run(cwd, 'alerts', '--to', 'made');
    expect(made.code).toBe(1);
    expect(made.stderr).toMatch(
      /^tta: nothing was written: \S*made\/prometheus\/rules\/alerts\.yml was not written by tta export, or changed since\./,
    );
    expect(filesBelow(join(cwd, 'made'))).toEqual(['prometheus/rules/alerts.yml']);

    await run(cwd, 'prometheus', '--to', 'own');
    appendFileSync(join(cwd, 'own/prometheus/prometheus.yml'), '# mine\n');
    const again = await run(cwd, 'prometheus', '--to', 'own', '--job', 'shop');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('own/prometheus/prometheus.yml was not written by tta export, or changed since');
    expect(readFileSync(join(cwd, 'own/prometheus/rules/recording.yml'), 'utf8')).toBe(
      shipped('prometheus/rules/recording.yml'),
    );

    const forced = await run(cwd, 'prometheus', '--to', 'own', '--job', 'shop', '--force');
    expect(forced.code).toBe(0);
    expect(forced.lines).toContain('overwritten own/prometheus/prometheus.yml');
    expect(readFileSync(join(cwd, 'own/prometheus/prometheus.yml'), 'utf8')).not.toContain('# mine');
  });

  it('updates the other files beside those that the user has changed, while it has nothing new for these', async () => {
    const cwd = tempFolder();
    const targets = join(cwd, 'own/prometheus/targets/tta-primitives.yml');
    await run(cwd, 'prometheus', '--to', 'own');
    writeFileSync(targets, "- targets: ['shop-1:9464']\n");
    const { code, lines } = await run(cwd, 'prometheus', '--to', 'own', '--threshold', 'TTAHighErrorRate=2');
    expect(code).toBe(0);
    expect(lines).toContain('kept        own/prometheus/targets/tta-primitives.yml');
    expect(lines).toContain('updated     own/prometheus/rules/alerts.yml');
    expect(readFileSync(targets, 'utf8')).toBe("- targets: ['shop-1:9464']\n");
  });

  it('writes with --keep what is new beside the files that the user has changed, once', async () => {
    const cwd = tempFolder();
    const config = join(cwd, 'own/prometheus/prometheus.yml');
    await run(cwd, 'prometheus', '--to', 'own');
    writeFileSync(config, '# mine\n');
    const { code, lines } = await run(cwd, 'prometheus', '--to', 'own', '--job', 'shop', '--keep');
    expect(code).toBe(0);
    expect(lines).toContain('written     own/prometheus/prometheus.yml.new');
    expect(readFileSync(config, 'utf8')).toBe('# mine\n');
    expect(readFileSync(`${config}.new`, 'utf8')).toContain('job_name: shop\n');
    expect((await run(cwd, 'prometheus', '--to', 'own', '--job', 'shop')).lines).toContain(
      'kept        own/prometheus/prometheus.yml',
    );
  });

  it('updates a file that it wrote and the user has not changed', async () => {
    const cwd = tempFolder();
    await run(cwd, 'rules');
    const { code, lines } = await run(cwd, 'rules', '--threshold', 'tta:llm_budget_30d_dollars=250');
    expect(code).toBe(0);
    expect(lines.filter((line) => !line.startsWith('same '))).toEqual([
      'updated     observability/prometheus/rules/recording.yml',
    ]);
    expect(readFileSync(join(cwd, 'observability/prometheus/rules/recording.yml'), 'utf8')).toContain('vector(250)');
    writeFileSync(join(cwd, 'observability/.tta-export.json'), 'no record');
    expect((await run(cwd, 'rules')).code).toBe(1);
  });

  it.skipIf(promtool === undefined)('writes files with names and thresholds that Prometheus accepts', async () => {
    const cwd = tempFolder();
    const names = ['--job', 'shop.eu', '--target', 'shop-1:9464', '--target', 'shop-2:9464'];
    const values = ['TTAHighErrorRate=1', 'TTAAvailabilityBudgetBurn=0.001', 'TTAHighErrorRate=2'];
    const thresholds = values.flatMap((value) => ['--threshold', value]);
    expect((await run(cwd, 'prometheus', ...names, ...thresholds)).code).toBe(0);
    const folder = join(cwd, 'observability/prometheus');
    const output = execFileSync(promtool as string, ['check', 'config', 'prometheus.yml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
    expect(readFileSync(join(folder, 'prometheus.yml'), 'utf8')).toContain("targets: ['shop-1:9464', 'shop-2:9464']");
    // Of two thresholds for one rule the last one holds.
    expect(readFileSync(join(folder, 'rules/alerts.yml'), 'utf8')).toContain('tta:error_rate_5m > 2\n');
  });

  it.each([
    [['chairs'], 'Allowed choices are rules, alerts, dashboards, collector, prometheus, all'],
    [['alerts', '--threshold', 'TTAHighErrorRate'], 'It must be RULE=NUMBER, such as TTAHighErrorRate=2.'],
    [['alerts', '--threshold', 'TTAServiceDown=1'], 'no rule TTAServiceDown has a threshold; these have, as shipped:'],
    [['prometheus', '--target', 'shop'], 'a target is HOST:PORT, such as app-1:9464; got "shop"'],
    [['all', '--cluster-label', 'job'], 'the label job means something else in the rules'],
    [['alerts', '--runbook-url', 'wiki'], 'the address of the runbook begins with http:// or https://'],
  ])('refuses %j, says why and writes nothing', async (args, message) => {
    const cwd = tempFolder();
    const { code, stderr } = await run(cwd, ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(existsSync(join(cwd, 'observability'))).toBe(false);
  });
});
