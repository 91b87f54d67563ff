import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText, runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const guide = collectorText('README.md');
const otelcol = component('otelcol-tta');

describe('the deployment guide', () => {
  it('names files that exist', () => {
    const linked = [...guide.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
    const named =
      /(?<![\w/~.-])((?:compose|systemd|otelcol|kubernetes|targets|prometheus|alertmanager|grafana)\/[\w./-]*)/g;
    const paths = [...guide.matchAll(named)].map(([, path = '']) => path.replace(/^targets\//, 'prometheus/targets/'));
    expect(paths.length).toBeGreaterThan(30);
    for (const path of new Set([...linked, ...paths])) expect(existsSync(collectorPath(path)), path).toBe(true);
  });

  it('names alerts that exist', () => {
    const alerts = collectorText('prometheus/rules/alerts.yml');
    const named = new Set([...guide.matchAll(/`(TTA[A-Z]\w+)`/g)].map(([, name]) => name));
    expect(named.size).toBeGreaterThan(5);
    for (const name of named) expect(alerts, name).toContain(`alert: ${name}\n`);
  });

  it('names settings of the collector that its configurations have', () => {
    const configurations = ['gateway', 'sampler', 'laptop', 'scrape', 'push'].map((name) =>
      collectorText(`otelcol/${name}.yaml`),
    );
    const named = new Set([...guide.matchAll(/`(TTA_COLLECTOR_\w+)/g)].map(([, name]) => name));
    for (const name of named) expect(configurations.join('\n'), name).toContain(`env:${name}`);
  });

  it('has the retention of the files', () => {
    const unit = collectorText('systemd/prometheus.service');
    expect(unit).toContain('retention.time=30d');
    expect(unit).toContain('retention.size=20GB');
    expect(guide).toContain('30 days, 20 GB');
  });

  it.skipIf(otelcol === undefined)('shows a TLS configuration that the gateway accepts', () => {
    const block = guide.match(/```yaml\n {2}# tls\.yaml\n([\s\S]*?) {2}```/)?.[1] ?? '';
    const folder = tempFolder({ 'tls.yaml': block.replaceAll(/^ {2}/gm, '') });
    const files = ['--config', collectorPath('otelcol/gateway.yaml'), '--config', join(folder, 'tls.yaml')];
    expect(runCommand(otelcol as string, ['validate', ...files])).toEqual({ status: 0, output: '' });
    expect(block).toContain('cert_file');
  });
});
