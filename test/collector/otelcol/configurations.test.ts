import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ATTR } from '../../../src/telemetry/semconv.ts';
import { shipped } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const otelcol = component('otelcol-tta');
const NAMES = ['laptop', 'gateway', 'sampler', 'scrape'];
const textOf = (name: string) => readFileSync(shipped(name), 'utf8');
const all = NAMES.map(textOf).join('\n');

describe('the configurations of the Collector', () => {
  it.skipIf(otelcol === undefined).each(['laptop', 'gateway', 'sampler', 'laptop and scrape', 'gateway and scrape'])(
    '%s: the Collector says that it is valid',
    (names) => {
      const files = names.split(' and ').flatMap((name) => ['--config', shipped(name)]);
      const { status, stdout, stderr } = spawnSync(otelcol as string, ['validate', ...files], {
        encoding: 'utf8',
        // A folder for the queue is made; all else, the token too, is looked at when it starts.
        env: { TTA_COLLECTOR_STATE: tempFolder() },
      });
      expect(`${stdout}${stderr}`).toBe('');
      expect(status).toBe(0);
    },
  );

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

  it('give no receiver to two pipelines: it would accept before the queue of the second has been read in', () => {
    for (const tier of ['laptop', 'gateway', 'sampler']) {
      const text = textOf(tier) + textOf('scrape');
      const taken = [...text.matchAll(/^ {6}receivers: \[(.*)\]$/gm)].flatMap(([, list]) =>
        (list as string).split(', '),
      );
      expect(taken.length).toBeGreaterThan(1);
      expect(taken).toEqual([...new Set(taken)]);
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

  it('let every setting of the environment be left out', () => {
    expect([...all.matchAll(/\$\{env:[^}]*\}/g)].map(([text]) => text).filter((text) => !text.includes(':-'))).toEqual(
      [],
    );
  });

  it('say in the guide which settings there are', () => {
    const guide = readFileSync(new URL('../../../collector/README.md', import.meta.url), 'utf8');
    const settings = new Set([...all.matchAll(/TTA_COLLECTOR_\w+/g)].map(([name]) => name));
    expect([...settings].filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
    const told = new Set([...guide.matchAll(/TTA_COLLECTOR_\w+/g)].map(([name]) => name));
    expect([...told].filter((name) => !settings.has(name))).toEqual([]);
  });
});
