import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withNames } from '../../../src/tools/export/names.ts';
import { changesFor, type Threshold, thresholdsIn, withThresholds } from '../../../src/tools/export/thresholds.ts';

const read = (path: string) => readFileSync(new URL(`../../../collector/${path}`, import.meta.url), 'utf8');
const RECORDING = read('prometheus/rules/recording.yml');
const ALERTS = read('prometheus/rules/alerts.yml');
const GRAFANA = read('grafana/alerting/rules.json');

/** The lines that are there now and were not before. */
function gained(text: string, changed: string): string[] {
  const before = new Set(text.split('\n'));
  return changed
    .split('\n')
    .filter((line) => !before.has(line))
    .map((line) => line.trim());
}

function change(text: string, ...wanted: Threshold[]): string[] {
  return gained(text, withThresholds(text, changesFor(wanted, [RECORDING, ALERTS])));
}

describe('a threshold', () => {
  it('is changed where an alert compares, and where its description says it', () => {
    expect(change(ALERTS, { name: 'TTAHighErrorRate', value: 2.5 })).toEqual([
      'tta:error_rate_5m > 2.5',
      expect.stringMatching(/failed in the last 5 minutes, more than 2\.5 %\.$/),
    ]);
  });

  it('is changed in every window of a budget', () => {
    const lines = change(ALERTS, { name: 'TTALatencyBudgetBurn', value: 0.01 });
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/> (14\.4|6|3|1) \* 0\.01$/);
  });

  it('may be negative, a constant, or that of a recording rule, which alerts on it tell too', () => {
    expect(change(ALERTS, { name: 'TTANegativeGrowthRate', value: -50 })).toEqual([
      'tta:request_growth_rate_24h < -50',
    ]);
    expect(change(RECORDING, { name: 'tta:llm_budget_30d_dollars', value: 250 })).toEqual(['expr: vector(250)']);
    const objective = { name: 'tta:sli_availability_5m', value: 99.9 };
    expect(change(RECORDING, objective)).toEqual(['expr: tta:success_rate_5m >= bool 99.9']);
    expect(change(ALERTS, objective)).toEqual([expect.stringMatching(/^Less than 99\.9 % of the workflow executions/)]);
  });

  it('is changed in the same rules for Grafana, and nothing else is', () => {
    const lines = change(GRAFANA, { name: 'TTAHighErrorRate', value: 2 });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('tta:error_rate_5m > 2\\n');
    expect(lines[1]).toContain('more than 2 %');
    expect(change(GRAFANA, { name: 'TTAAvailabilityBudgetBurn', value: 0.002 })).toHaveLength(4);
    expect(change(GRAFANA, { name: 'tta:llm_budget_30d_dollars', value: 2 })).toEqual([]);
  });

  it('leaves a file as it is where nothing is wanted or nothing is changed', () => {
    expect(withThresholds(ALERTS, [])).toBe(ALERTS);
    for (const text of [ALERTS, RECORDING]) {
      const all = [...thresholdsIn([text])].flatMap(([name, values]) =>
        values.map((value) => ({ name, value: Number(value), old: value })),
      );
      expect(all.length).toBeGreaterThan(5);
      expect(withThresholds(text, all)).toBe(text);
    }
  });

  it('is refused where a rule has none, with those that have one', () => {
    expect(() => change(ALERTS, { name: 'TTAServiceDown', value: 1 })).toThrow(
      /^no rule TTAServiceDown has a threshold; these have, as shipped:\n[\s\S]*\n {2}TTAHighErrorRate=5\n/,
    );
  });
});

describe('a name', () => {
  it('takes the place of the job everywhere the files ask for it', () => {
    for (const path of [
      'prometheus/prometheus.yml',
      'prometheus/rules/alerts.yml',
      'prometheus/rules/recording.yml',
      'grafana/alerting/rules.json',
    ]) {
      const text = read(path);
      const named = withNames(text, { job: 'shop.eu' });
      expect(named, path).not.toBe(text);
      expect(named, path).not.toMatch(/job=~\\?"tta-|job_name: tta-|starts with tta-/);
      if (path.endsWith('.json')) expect(JSON.stringify(JSON.parse(named))).toContain('job=~\\"shop\\\\\\\\.eu\\"');
      else if (path.includes('rules')) expect(named).toContain('job=~"shop\\\\.eu"');
    }
  });

  it('takes the place of the target', () => {
    const named = withNames(read('prometheus/prometheus.yml'), { targets: ['shop-1:9464', 'shop-2:9464'] });
    expect(gained(read('prometheus/prometheus.yml'), named)).toEqual(["- targets: ['shop-1:9464', 'shop-2:9464']"]);
  });

  it('is refused where the files could not hold it', () => {
    expect(() => withNames('', { job: 'a"b' })).toThrow("a job is letters, digits, '.', '_' and '-'");
    expect(() => withNames('', { targets: ['http://shop-1:9464'] })).toThrow('a target is HOST:PORT');
  });
});
