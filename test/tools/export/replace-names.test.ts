import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replaceNames } from '../../../src/tools/export/replace-names.ts';

const read = (path: string) => readFileSync(new URL(`../../../collector/${path}`, import.meta.url), 'utf8');

describe('a name of the installation', () => {
  it('replaces the job everywhere', () => {
    for (const path of [
      'prometheus/prometheus.yml',
      'prometheus/rules/alerts.yml',
      'prometheus/rules/recording.yml',
      'grafana/alerting/rules.json',
    ]) {
      const text = read(path);
      const named = replaceNames(text, { job: 'shop.eu' });
      expect(named, path).not.toBe(text);
      expect(named, path).not.toMatch(/job=~\\?"tta-|job_name: tta-|starts with tta-/);
      if (path.endsWith('.json')) expect(JSON.stringify(JSON.parse(named))).toContain('job=~\\"shop\\\\\\\\.eu\\"');
      else if (path.includes('rules')) expect(named).toContain('job=~"shop\\\\.eu"');
    }
  });

  it('replaces the target', () => {
    const named = replaceNames(read('prometheus/prometheus.yml'), { targets: ['shop-1:9464', 'shop-2:9464'] });
    expect(named).toBe(
      read('prometheus/prometheus.yml').replace("['127.0.0.1:9464']", "['shop-1:9464', 'shop-2:9464']"),
    );
  });

  it('is refused when it would break the syntax of the files', () => {
    expect(() => replaceNames('', { job: 'a"b' })).toThrow("a job is letters, digits, '.', '_' and '-'");
    expect(() => replaceNames('', { targets: ['http://shop-1:9464'] })).toThrow('a target is HOST:PORT');
  });
});
