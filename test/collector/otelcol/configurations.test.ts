import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ATTR } from '../../../src/telemetry/semconv.ts';
import { shipped } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const otelcol = component('otelcol-tta');
const NAMES = ['laptop', 'gateway', 'sampler', 'scrape', 'push'];
const textOf = (name: string) => readFileSync(shipped(name), 'utf8');
const all = NAMES.map(textOf).join('\n');

describe('the configurations of the Collector', () => {
  it
    .skipIf(otelcol === undefined)
    .each([
      ...['laptop', 'gateway', 'sampler', 'laptop and scrape', 'gateway and scrape'],
      ...['laptop and push', 'gateway and push', 'gateway and scrape and push'],
    ])('%s: the Collector accepts it', (names) => {
    const files = names.split(' and ').flatMap((name) => ['--config', shipped(name)]);
    const { status, stdout, stderr } = spawnSync(otelcol as string, ['validate', ...files], {
      encoding: 'utf8',
      // `validate` creates the folder of the queue. Other files, such as the token, are read at the start only.
      env: { TTA_COLLECTOR_STATE: tempFolder() },
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  it.skipIf(otelcol === undefined)('the check can fail', () => {
    const folder = tempFolder({ 'bad.yaml': textOf('laptop').replace('sending_queue', 'sending_line') });
    const { status, stderr } = spawnSync(otelcol as string, ['validate', '--config', `${folder}/bad.yaml`], {
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('sending_line');
  });

  it('name only attributes that spans have', () => {
    const known = new Set<string>(Object.values(ATTR));
    const named = [...all.matchAll(/\btta\.[a-z_.]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('use each receiver in one pipeline only: it accepts spans before the queue of a second one is loaded', () => {
    for (const tier of ['laptop', 'gateway', 'sampler']) {
      const text = textOf(tier) + textOf('scrape') + textOf('push');
      const receivers = [...text.matchAll(/^ {6}receivers: \[(.*)\]$/gm)].flatMap(([, list]) =>
        (list as string).split(', '),
      );
      expect(receivers.length).toBeGreaterThan(1);
      expect(receivers).toEqual([...new Set(receivers)]);
    }
  });

  it('use every component of the distribution', () => {
    const manifest = readFileSync(shipped('manifest'), 'utf8');
    const modules = [
      ...manifest.matchAll(/gomod: \S+\/([a-z]+?)(?:receiver|processor|exporter|connector|extension)? v/g),
    ];
    const words: Readonly<Record<string, string>> = {
      memorylimiter: 'memory_limiter',
      tailsampling: 'tail_sampling',
      otlphttp: 'otlp_http',
      healthcheck: 'health_check',
      filestorage: 'file_storage',
    };
    const unused = modules
      .map(([, name]) => words[name as string] ?? (name as string))
      .filter((name) => !name.endsWith('provider') && !new RegExp(`^ {2}${name}(?:/\\w+)?:$`, 'm').test(all));
    expect(modules.length).toBeGreaterThan(8);
    expect(unused).toEqual([]);
  });

  it('have a default for every setting of the environment', () => {
    expect([...all.matchAll(/\$\{env:[^}]*\}/g)].map(([text]) => text).filter((text) => !text.includes(':-'))).toEqual(
      [],
    );
  });

  it('have the settings that the guide lists, and no others', () => {
    const guide = readFileSync(new URL('../../../collector/README.md', import.meta.url), 'utf8');
    const settings = new Set([...all.matchAll(/TTA_COLLECTOR_\w+/g)].map(([name]) => name));
    expect([...settings].filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
    const listed = new Set([...guide.matchAll(/TTA_COLLECTOR_\w+/g)].map(([name]) => name));
    expect([...listed].filter((name) => !settings.has(name))).toEqual([]);
  });
});
