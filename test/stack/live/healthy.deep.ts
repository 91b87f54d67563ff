/**
 * 45 minutes of the main job on the live stack. Without chaos, but with the ordinary life of a service, no alert fires
 * but the watchdog. With chaos, only what chaos causes. All stacks run side by side.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboards, panelsWithQueries } from '../../collector/grafana/dashboards.ts';
import { replaceVariables } from '../../collector/grafana/grafana.ts';
import { collectorText } from '../../support/deployment.ts';
import { metricsIn } from '../../support/rules.ts';
import type { Labels } from '../../support/webhook.ts';
import { evaluateFourDays } from './four-days.ts';
import { type HealthyRun, type HealthyRunOptions, runHealthy, titleOf } from './healthy-run.ts';
import { type LiveStack, liveComponents } from './live-stack.ts';

const MINUTES = 45;
const RUNS: readonly HealthyRunOptions[] = [
  { setup: 'laptop', prometheus: 'prometheus', chaos: false, minutes: MINUTES },
  { setup: 'gateway', prometheus: 'prometheus-3', chaos: false, minutes: MINUTES },
  { setup: 'laptop', prometheus: 'prometheus-3', chaos: true, minutes: MINUTES },
  { setup: 'gateway', prometheus: 'prometheus', chaos: true, minutes: MINUTES },
];
const cases = RUNS.map((run) => [titleOf(run), run] as const);

/** Always fires, so that a silence is a fault of the way. */
const WATCHDOG = 'TTAWatchdog';

/** What may fire with chaos, and why. */
const OF_CHAOS: Readonly<Record<string, string>> = {};

const isExpected = ({ labels }: { labels: Labels }, chaos: boolean) =>
  labels.alertname === WATCHDOG || (chaos && (labels.alertname ?? '') in OF_CHAOS);

const runbookQueries = [...collectorText('RUNBOOK.md').matchAll(/`([^`]+)`/g)]
  .map(([, text = '']) => text)
  .filter((text) => /[({]|^(?:tta[_:]|otelcol_|job:|up)/.test(text) && !/curl|\(\)$/.test(text));

/** A comparison, a name that the reader fills in, a time before the test, requests that no application here sends. */
const MAY_BE_EMPTY = /[<>]|==|\.\.\.|offset 1w|__unrecognised__/;

describe.skipIf(liveComponents() === undefined)('the live stack', () => {
  const stacks: LiveStack[] = [];
  const runs = new Map<string, HealthyRun>();
  const runOf = (title: string) => {
    const run = runs.get(title);
    if (run === undefined) throw new Error('the run has failed');
    return run;
  };

  beforeAll(
    async () => {
      const settled = await Promise.allSettled(
        RUNS.map(async (options) => runs.set(titleOf(options), await runHealthy(options, stacks))),
      );
      const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'));
    },
    (MINUTES + 5) * 60_000,
  );
  afterAll(() => Promise.all(stacks.map((stack) => stack.stop())));

  it.each(cases)('%s: nothing fires that has no reason', (title, { chaos }) => {
    const { told, episodes } = runOf(title);
    expect(told.filter((alert) => !isExpected(alert, chaos))).toEqual([]);
    // Between two looks an alert could have come and gone.
    expect(episodes.filter((episode) => !isExpected(episode, chaos))).toEqual([]);
  });

  it.each(cases.filter(([, { chaos }]) => !chaos))('%s: no message is sent to a person', (title) => {
    const sent = runOf(title).notifications.flatMap(({ receiver, alerts }) =>
      alerts.map(({ labels, status }) => ({ receiver, status, ...labels })),
    );
    expect(sent.filter(({ alertname }: Record<string, string>) => alertname !== WATCHDOG)).toEqual([]);
  });

  it.each(cases.filter(([, { setup }]) => setup === 'gateway'))(
    '%s: nothing more fires in four days of it',
    async (title, { prometheus, chaos }) => {
      const { stack, from, to } = runOf(title);
      const { episodes, recorded } = await evaluateFourDays(stack, { program: prometheus, from, to });
      expect(episodes.filter((episode) => !isExpected(episode, chaos))).toEqual([]);
      // The days are evaluated: their rules have the values that the rules of the run have.
      const rules = (await stack.prometheus.rules()).filter(({ type }) => type === 'recording');
      for (const { name } of rules)
        if ((await stack.prometheus.query(name)).length > 0) expect(recorded).toContain(name);
      expect(recorded).toContain('tta:request_growth_rate_24h');
    },
    20 * 60_000,
  );

  it.each(cases)('%s: every rule evaluates without an error or a warning', async (title) => {
    const { stack, failedRules } = runOf(title);
    expect(failedRules).toEqual([]);
    const rules = await stack.prometheus.rules();
    expect(rules.length).toBeGreaterThan(100);
    const warnings: Record<string, readonly string[]> = {};
    for (const { name, query } of rules) {
      const answer = await stack.prometheus.ask(query);
      if (answer.warnings.length > 0) warnings[name] = answer.warnings;
    }
    expect(warnings).toEqual({});
  });

  it.each(cases)('%s: every query of a dashboard gets an answer without a warning', async (title) => {
    const { stack } = runOf(title);
    const warnings: Record<string, readonly string[]> = {};
    for (const panel of dashboards.flatMap(panelsWithQueries)) {
      for (const { expr } of panel.targets ?? []) {
        const query = replaceVariables(expr, { range: MINUTES * 60, step: 15, rateInterval: '1m' });
        const answer = await stack.prometheus.ask(query);
        if (answer.warnings.length > 0) warnings[query] = answer.warnings;
      }
    }
    expect(warnings).toEqual({});
  });

  it('every query of the runbook whose metrics are there has an answer', async () => {
    const hasAnswer = async (query: string) => {
      const answers = [...runs.values()].map(async ({ stack, from, to }) => {
        const series = await stack.prometheus.queryRange(query, from, to, 60);
        return series.length > 0;
      });
      return (await Promise.all(answers)).includes(true);
    };
    const empty: string[] = [];
    for (const query of runbookQueries.filter((text) => !MAY_BE_EMPTY.test(text))) {
      const { recorded, scraped } = metricsIn(query);
      const found = await Promise.all([...recorded, ...scraped].map(hasAnswer));
      if (!found.includes(false) && !(await hasAnswer(query))) empty.push(query);
    }
    expect(empty).toEqual([]);
  });
});
