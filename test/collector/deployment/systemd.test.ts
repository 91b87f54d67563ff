import { chmodSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const analyze = component('systemd-analyze');
const UNITS = readdirSync(collectorPath('systemd')).filter((name) => name.endsWith('.service'));
const SYSTEM_UNITS = '/usr/lib/systemd/system';

/** A folder with our units, the units of systemd, and every program that they start, as the root for systemd-analyze. */
function createRoot(change: (text: string) => string = (text) => text): string {
  const root = tempFolder();
  const units = join(root, 'etc/systemd/system');
  mkdirSync(units, { recursive: true });
  cpSync(SYSTEM_UNITS, join(root, SYSTEM_UNITS), { recursive: true });
  for (const name of UNITS) writeFileSync(join(units, name), change(collectorText(`systemd/${name}`)));
  for (const program of [
    'usr/local/bin/alertmanager',
    'usr/bin/node',
    'usr/bin/otelcol-tta',
    'usr/bin/prometheus',
    'bin/kill',
  ]) {
    mkdirSync(join(root, program, '..'), { recursive: true });
    writeFileSync(join(root, program), '#!/bin/sh\n');
    chmodSync(join(root, program), 0o755);
  }
  return root;
}

const verify = (root: string) =>
  runCommand(analyze as string, [
    'verify',
    '--man=no',
    `--root=${root}`,
    ...UNITS.map((name) => name.replace('@.', '@demo.')),
  ]);

describe.skipIf(analyze === undefined)('the systemd units', () => {
  it('are those of applications, workers, both collector tiers, Prometheus and Alertmanager', () => {
    expect(UNITS.sort()).toEqual([
      'alertmanager.service',
      'otelcol-gateway.service',
      'otelcol-sampler.service',
      'prometheus.service',
      'tta-app@.service',
      'tta-worker@.service',
    ]);
  });

  it('pass systemd-analyze verify without a message', () => {
    expect(verify(createRoot())).toEqual({ status: 0, output: '' });
  });

  it('the check can fail', () => {
    const { output } = verify(createRoot((text) => text.replace('ProtectHome=', 'ProtectHouse=')));
    expect(output).toContain("Unknown key 'ProtectHouse'");
  });

  it.each(UNITS)('%s has an exposure level of at most 1.5 of 10', (name) => {
    const { status, output } = runCommand(analyze as string, [
      'security',
      '--offline=true',
      '--no-pager',
      '--threshold=15',
      join(collectorPath('systemd'), name),
    ]);
    expect(output).toMatch(/Overall exposure level for \S+: (0|1)\.\d/);
    expect(status, output).toBe(0);
  });
});
