import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  findThresholds,
  planChanges,
  replaceThresholds,
  type Threshold,
} from '../../../src/tools/export/thresholds.ts';
import { component } from '../../support/component.ts';
import { runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const read = (path: string) => readFileSync(new URL(`../../../collector/${path}`, import.meta.url), 'utf8');
const RECORDING = read('prometheus/rules/recording.yml');
const ALERTS = read('prometheus/rules/alerts.yml');
const GRAFANA = read('grafana/alerting/rules.json');
const RUNBOOK = read('RUNBOOK.md');

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
    const lines = change(ALERTS, { name: 'TTALatencyBudgetBurn', value: 0.02 });
    expect(lines).toHaveLength(12);
    for (const line of lines) expect(line).toMatch(/> (14\.4|6|3|1) \* 0\.02$|^round\(30 \* 86400 \* 0\.02 \/ \($/);
  });

  it('can be of a difference, a constant, or of a recording rule, also in the descriptions of alerts on that rule', () => {
    expect(change(ALERTS, { name: 'TTANegativeGrowthRate', value: 50 })).toEqual([
      '-tta:request_growth_rate_24h > 50',
      expect.stringMatching(/^unless on .* <= 50$/),
    ]);
    expect(change(RECORDING, { name: 'tta:llm_budget_30d_dollars', value: 250 })).toEqual(['expr: vector(250)']);
    const objective = { name: 'tta:sli_availability_5m', value: 99.9 };
    expect(change(RECORDING, objective)).toEqual(['expr: tta:success_rate_5m >= bool 99.9']);
    expect(change(ALERTS, objective)).toEqual([expect.stringMatching(/^Less than 99\.9 % of the workflow executions/)]);
  });

  it('is changed in every part of an expression that compares with it', () => {
    expect(change(ALERTS, { name: 'TTAHighGrowthRate', value: 77 })).toEqual([
      'tta:request_growth_rate_24h > 77',
      expect.stringMatching(/^unless on .* <= 77$/),
    ]);
    expect(change(ALERTS, { name: 'TTASamplerDropsTraces', value: 77 })).toEqual([') > 77']);
    expect(change(ALERTS, { name: 'TTACostBurn', value: 77 })).toEqual([
      expect.stringMatching(/^round.* < 3600 \* 77$/),
      expect.stringMatching(/^and on .* < 3600 \* 77$/),
    ]);
  });

  it('is no number of an alert that fires always', () => {
    expect(() => change(ALERTS, { name: 'TTAWatchdog', value: 2 })).toThrow('no rule TTAWatchdog has a threshold');
  });

  it('can be what is left of the shipped share', () => {
    expect(change(RUNBOOK, { name: 'TTAUnmeteredModelCalls', value: 0.95 })).toEqual([
      expect.stringContaining('More than 95 % of the calls'),
    ]);
  });

  it.each([
    ['TTAServiceHangs', '77 or more executions'],
    ['TTAExecutionsPileUp', '77 or more executions of a kind'],
    ['TTARetriesFail', '77 or more times'],
    ['TTAProcessRestarts', '77 or more times'],
    ['TTAMetricsPushFails', 'More than 77 deliveries'],
    ['TTAEventLoopBlocked', 'more than 77 s at a time'],
    ['TTAStaleMetrics', 'more than 77 seconds'],
    ['TTACostBurn', 'less than 77 hours'],
    ['TTARemoteWriteFails', 'More than 77 %'],
  ])('of %s is said in the runbook', (name, text) => {
    expect(change(RUNBOOK, { name, value: 77 })).toEqual([expect.stringContaining(text)]);
  });

  it('is changed in the same rules for Grafana, and only there', () => {
    const lines = change(GRAFANA, { name: 'TTAHighErrorRate', value: 2 });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('tta:error_rate_5m > 2\\n');
    expect(lines[1]).toContain('more than 2 %');
    expect(change(GRAFANA, { name: 'TTAAvailabilityBudgetBurn', value: 0.002 })).toHaveLength(4);
    expect(change(GRAFANA, { name: 'tta:llm_budget_30d_dollars', value: 2 })).toEqual([]);
  });

  it('is changed in what the runbook says that the alert means', () => {
    expect(change(RUNBOOK, { name: 'TTAHighErrorRate', value: 2.5 })).toEqual([
      expect.stringMatching(/^\*\*Means\.\*\* More than 2\.5 % of all workflow executions/),
    ]);
    expect(change(RUNBOOK, { name: 'TTANegativeGrowthRate', value: 50 })).toEqual([
      expect.stringContaining('There was 50 % less traffic'),
    ]);
    expect(change(RUNBOOK, { name: 'tta:sli_latency_5m', value: 0.01 })).toEqual([
      expect.stringContaining('Less than 99 % of the workflow executions'),
    ]);
    expect(change(RUNBOOK, { name: 'TTAAvailabilityBudgetBurn', value: 0.001 })).toEqual([
      expect.stringContaining('In 30 days 0.1 % of the executions may fail.'),
    ]);
  });

  it('can be each of those that a rule has: no text says the shipped number, and Prometheus accepts the rules', () => {
    const all = [...findThresholds([RECORDING, ALERTS])];
    expect(all.length).toBeGreaterThan(40);
    const wanted = all.map(([name, [shipped]]) => ({ name, value: Number(shipped) * 1.75 + 0.0125 }));
    const changes = planChanges(wanted, [RECORDING, ALERTS]);
    const [recording = '', alerts = '', runbook = ''] = [RECORDING, ALERTS, RUNBOOK].map((text) =>
      replaceThresholds(text, changes),
    );
    for (const [name, [shipped]] of all) {
      if (shipped === undefined || Number(shipped) <= 0) continue;
      const said = new RegExp(`than ${Number(shipped) < 1 ? 100 * Number(shipped) : shipped} `);
      const rule = alerts.split(/^ *- alert: /m).filter((text) => text.startsWith(`${name}\n`));
      for (const text of rule) expect(text, name).not.toMatch(said);
      expect(
        runbook
          .split(/^## /m)
          .find((text) => text.startsWith(`${name}\n`))
          ?.split('\n\n')[1] ?? '',
      ).not.toMatch(said);
    }
    expect(findThresholds([recording, alerts])).toEqual(
      new Map(wanted.map(({ name, value }) => [name, [String(value)]])),
    );
    const folder = tempFolder({ 'recording.yml': recording, 'alerts.yml': alerts });
    for (const program of ['promtool', 'promtool-3'].map(component)) {
      if (program === undefined) continue;
      const { status, output } = runCommand(program, ['check', 'rules', 'recording.yml', 'alerts.yml'], folder);
      expect(status, output).toBe(0);
    }
  });

  it('leaves a file as it is without a change, or when all changes are equal to the shipped numbers', () => {
    expect(replaceThresholds(ALERTS, [])).toBe(ALERTS);
    for (const text of [ALERTS, RECORDING]) {
      const all = [...findThresholds([text])].flatMap(([name, values]) =>
        values.map((value) => ({ name, value: Number(value), shipped: value, alerts: [name] })),
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
