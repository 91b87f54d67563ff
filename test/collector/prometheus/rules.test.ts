import { describe, expect, it } from 'vitest';
import { schema } from '../../../views/index.ts';
import { collectorText } from '../../support/deployment.ts';
import { alertingRules, expectations, metricsIn, recordingRules } from '../../support/rules.ts';
import { INHERITED_ALERTS, INHERITED_RULES } from './inherited-names.ts';

/** Fires always, so that its absence can be told. */
const WATCHDOG = 'TTAWatchdog';
const RUNBOOK = 'https://github.com/tta-primitives/tta-primitives/blob/main/collector/RUNBOOK.md';

const records = recordingRules();
const alerts = alertingRules();
const expected = expectations();

const scrapable = new Set(
  schema.flatMap(({ metric, type }) =>
    type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${metric}_${part}`) : [metric],
  ),
);
const missingFrom = (all: ReadonlySet<string>, names: readonly string[]) => names.filter((name) => !all.has(name));

describe('the recording rules', () => {
  const names = new Set(records.map(({ record }) => record));

  it('have every name that existing dashboards use, and each name once', () => {
    expect(missingFrom(names, INHERITED_RULES)).toEqual([]);
    expect(names.size).toBe(records.length);
  });

  it('have names of the form tta:… or level:metric:operation', () => {
    const pattern = /^(?:tta:\w+|job(?:_[a-z_]+)?:(?:tta|process)_\w+:[a-z]\w+)$/;
    expect(records.map(({ record }) => record).filter((name) => !pattern.test(name))).toEqual([]);
  });

  it.each(records)('$record reads only metrics that are scraped or recorded', ({ expr }) => {
    const { scraped, recorded } = metricsIn(expr);
    expect(missingFrom(scrapable, scraped)).toEqual([]);
    expect(missingFrom(names, recorded)).toEqual([]);
  });

  it.each(records)('$record has a unit test that expects a value', ({ record }) => {
    const about = expected.filter(({ expr = '' }) => metricsIn(expr).recorded.includes(record));
    expect(about.some(({ exp_samples: samples = [] }) => samples.length > 0)).toBe(true);
  });

  // The budget is a setting: it has a value without traffic too.
  it.each(records.filter(({ record }) => record !== 'tta:llm_budget_30d_dollars'))(
    '$record has a unit test without traffic, which expects no value or 0',
    ({ record }) => {
      const about = expected.filter(({ expr = '' }) => metricsIn(expr).recorded.includes(record));
      const expectsNoTraffic = about.some(
        ({ exp_samples: samples = [] }) => samples.length === 0 || samples.some(({ value }) => value === 0),
      );
      expect(expectsNoTraffic).toBe(true);
    },
  );
});

describe('the alerts', () => {
  const names = new Set(alerts.map(({ alert }) => alert));
  const variants = alerts.map((alert) => ({ ...alert, variant: `${alert.alert} ${alert.labels.window ?? ''}`.trim() }));

  it('have every name that people know', () => {
    expect(missingFrom(names, INHERITED_ALERTS)).toEqual([]);
  });

  it('have the same name only with different windows', () => {
    expect(new Set(variants.map(({ variant }) => variant)).size).toBe(alerts.length);
  });

  it.each(variants)('$variant reads only metrics that are scraped or recorded', ({ expr }) => {
    const { scraped, recorded } = metricsIn(expr);
    expect(missingFrom(scrapable, scraped)).toEqual([]);
    expect(missingFrom(new Set(records.map(({ record }) => record)), recorded)).toEqual([]);
  });

  it.each(variants)(
    '$variant has a severity, a summary, a description and a link to its section of the runbook',
    (rule) => {
      const { summary = '', description = '', runbook_url: url = '' } = rule.annotations;
      expect(rule.for).toMatch(/^\d+[mh]$/);
      expect(['critical', 'warning', 'info', ...(rule.alert === WATCHDOG ? ['none'] : [])]).toContain(
        rule.labels.severity,
      );
      expect(summary).toMatch(/^[A-Z][^{}]+\.$/);
      expect(description).toMatch(/\.$/);
      expect(description).not.toContain('TODO');
      expect(url).toBe(`${RUNBOOK}#${rule.alert.toLowerCase()}`);
      expect(collectorText('RUNBOOK.md')).toContain(`\n## ${rule.alert}\n`);
    },
  );

  it.each(variants)('$variant has a unit test in which it fires', ({ alert, labels }) => {
    const fired = expected
      .filter(({ alertname }) => alertname === alert)
      .flatMap(({ exp_alerts: list = [] }) => list.map(({ exp_labels: own }) => own.window));
    expect(fired).toContain(labels.window);
  });

  it.each([...names].filter((name) => name !== WATCHDOG))(
    '%s has a unit test in which it does not fire, and one without traffic',
    (alert) => {
      const silent = expected.filter(
        ({ alertname, exp_alerts: list = [] }) => alertname === alert && list.length === 0,
      );
      expect(silent.map(({ file }) => file)).toContain('prometheus/tests/quiet.test.yml');
      // The budget alerts have one unit test with five jobs. The fifth job does not fire and has no expectation there.
      if (!alert.endsWith('BudgetBurn')) expect(new Set(silent.map(({ file }) => file)).size).toBeGreaterThan(1);
    },
  );

  it('have a runbook that names existing metrics and rules only', () => {
    const { scraped, recorded } = metricsIn(collectorText('RUNBOOK.md'));
    expect(scraped.length).toBeGreaterThan(30);
    expect(missingFrom(new Set([...scrapable, ...schema.map(({ metric }) => metric)]), scraped)).toEqual([]);
    const rules = new Set(records.map(({ record }) => record));
    expect(
      missingFrom(
        rules,
        recorded.filter((name) => /^(tta|job\w*):/.test(name)),
      ),
    ).toEqual([]);
  });

  it('have one section each in the runbook, which has no other sections', () => {
    const sections = [...collectorText('RUNBOOK.md').matchAll(/^## (TTA\w+)$/gm)].map(([, name]) => name as string);
    expect(missingFrom(names, sections)).toEqual([]);
    expect(sections).toHaveLength(names.size);
  });
});
