import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  findThresholds,
  planChanges,
  replaceThresholds,
  type Threshold,
} from '../../../src/tools/export/thresholds.ts';

const read = (path: string) => readFileSync(new URL(`../../../collector/${path}`, import.meta.url), 'utf8');
const RECORDING = read('prometheus/rules/recording.yml');
const ALERTS = read('prometheus/rules/alerts.yml');
const GRAFANA = read('grafana/alerting/rules.json');

/** The lines of `changed` that `text` does not have. */
function newLines(text: string, changed: string): string[] {
  const before = new Set(text.split('\n'));
  return changed
    .split('\n')
    .filter((line) => !before.has(line))
    .map((line) => line.trim());
}

function change(text: string, ...wanted: Threshold[]): string[] {
  return newLines(text, replaceThresholds(text, planChanges(wanted, [RECORDING, ALERTS])));
}

describe('a threshold', () => {
  it('is changed in the expression of an alert and in its description', () => {
    expect(change(ALERTS, { name: 'TTAHighErrorRate', value: 2.5 })).toEqual([
      'tta:error_rate_5m > 2.5',
      expect.stringMatching(/failed in the last 5 minutes, more than 2\.5 %\.$/),
    ]);
  });

  it('is changed in every window of an alert on an error budget', () => {
    const lines = change(ALERTS, { name: 'TTALatencyBudgetBurn', value: 0.01 });
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/> (14\.4|6|3|1) \* 0\.01$/);
  });

  it('can be negative, a constant, or of a recording rule, also in the descriptions of alerts on that rule', () => {
    expect(change(ALERTS, { name: 'TTANegativeGrowthRate', value: -50 })).toEqual([
      'tta:request_growth_rate_24h < -50',
    ]);
    expect(change(RECORDING, { name: 'tta:llm_budget_30d_dollars', value: 250 })).toEqual(['expr: vector(250)']);
    const objective = { name: 'tta:sli_availability_5m', value: 99.9 };
    expect(change(RECORDING, objective)).toEqual(['expr: tta:success_rate_5m >= bool 99.9']);
    expect(change(ALERTS, objective)).toEqual([expect.stringMatching(/^Less than 99\.9 % of the workflow executions/)]);
  });

  it('is changed in the same rules for Grafana, and only there', () => {
    const lines = change(GRAFANA, { name: 'TTAHighErrorRate', value: 2 });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('tta:error_rate_5m > 2\\n');
    expect(lines[1]).toContain('more than 2 %');
    expect(change(GRAFANA, { name: 'TTAAvailabilityBudgetBurn', value: 0.002 })).toHaveLength(4);
    expect(change(GRAFANA, { name: 'tta:llm_budget_30d_dollars', value: 2 })).toEqual([]);
  });

  it('leaves a file as it is without a change, or when all changes are equal to the shipped numbers', () => {
    expect(replaceThresholds(ALERTS, [])).toBe(ALERTS);
    for (const text of [ALERTS, RECORDING]) {
      const all = [...findThresholds([text])].flatMap(([name, values]) =>
        values.map((value) => ({ name, value: Number(value), shipped: value })),
      );
      expect(all.length).toBeGreaterThan(5);
      expect(replaceThresholds(text, all)).toBe(text);
    }
  });

  it('is refused for a rule that has none, with a list of the rules that have one', () => {
    expect(() => change(ALERTS, { name: 'TTAServiceDown', value: 1 })).toThrow(
      /^no rule TTAServiceDown has a threshold; these have, as shipped:\n[\s\S]*\n {2}TTAHighErrorRate=5\n/,
    );
  });
});
