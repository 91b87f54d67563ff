import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Alertmanager, startAlertmanager } from '../../support/alertmanager.ts';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { alertingRules } from '../../support/rules.ts';

const program = component('prometheus-alertmanager');
const rules = alertingRules();

type Labels = Readonly<Record<string, string>>;

/** An alert as Prometheus sends it, with the labels of its rule and `labels`. */
function alertOf(alertname: string, labels: Labels): Labels {
  const rule = rules.find((each) => each.alert === alertname && (each.labels.window ?? '') === (labels.window ?? ''));
  if (rule === undefined) throw new Error(`there is no alert ${alertname} ${JSON.stringify(labels)}`);
  return { alertname, ...rule.labels, ...labels };
}

const cache = { primitive_name: 'summaries' };

/** TTAServiceDown itself, and the alerts about programs that are not services of a user. */
const OTHER_PROGRAMS = /^TTA(?:Service|Prometheus|Alertmanager|Collector|Grafana|Jaeger)Down$/;

/** Pairs of alerts: when the source fires, the target of the same service is suppressed. */
const SUPPRESSES: readonly (readonly [source: [string, Labels], target: [string, Labels]])[] = [
  ...rules
    .filter(({ alert }) => !OTHER_PROGRAMS.test(alert))
    .map(
      ({ alert, labels: { window } }) =>
        [
          ['TTAServiceDown', {}] as [string, Labels],
          [alert, window === undefined ? {} : { window }] as [string, Labels],
        ] as const,
    ),
  [
    ['TTAHighErrorRate', {}],
    ['TTAWorkflowFailureSpike', { workflow_name: 'digest' }],
  ],
  [
    ['TTAHighErrorRate', {}],
    ['TTALowCacheHitRate', cache],
  ],
  [
    ['TTAHighErrorRate', {}],
    ['TTACachePerformanceSLOBreach', cache],
  ],
  [
    ['TTAHighLatency', { primitive_type: 'llm' }],
    ['TTAWorkflowLatencySpike', { workflow_name: 'digest' }],
  ],
  [
    ['TTAAvailabilitySLOBreach', {}],
    ['TTALatencySLOBreach', {}],
  ],
  [
    ['TTAAvailabilitySLOBreach', {}],
    ['TTACachePerformanceSLOBreach', cache],
  ],
  [
    ['TTAAvailabilityBudgetBurn', { window: '6h' }],
    ['TTAAvailabilityBudgetBurn', { window: '3d' }],
  ],
  [
    ['TTALatencyBudgetBurn', { window: '1h' }],
    ['TTALatencyBudgetBurn', { window: '1d' }],
  ],
  [
    ['TTALowCacheHitRate', cache],
    ['TTAModerateLowCacheHitRate', cache],
  ],
  [
    ['TTALowCacheHitRate', cache],
    ['TTACachePerformanceSLOBreach', cache],
  ],
  [
    ['TTACostBurn', {}],
    ['TTABudgetForecast', {}],
  ],
];

describe.skipIf(program === undefined)('Alertmanager with the shipped configuration', () => {
  let alertmanager: Alertmanager;
  let count = 0;

  beforeAll(async () => {
    alertmanager = await startAlertmanager(program as string);
  });
  afterAll(() => alertmanager?.stop());

  /**
   * Sends alerts, each with a unique label, and returns for each whether it is suppressed. Alertmanager processes alerts
   * in the order of arrival: two more alerts are sent last, and when the second of them is suppressed, all are processed.
   */
  async function suppressed(...alerts: readonly Labels[]): Promise<boolean[]> {
    const last = { job: `last${count}` };
    const all = [...alerts, alertOf('TTAServiceDown', last), alertOf('TTAInstanceDown', last)];
    const sent = all.map((labels) => ({ labels: { ...labels, nr: String(count++) } }));
    const response = await fetch(`http://${alertmanager.host}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    });
    expect(response.status).toBe(200);
    const verdicts = async () => {
      const known = await alertmanager.alerts();
      return sent.map(
        ({ labels }) => (known.find((each) => each.labels.nr === labels.nr)?.status.inhibitedBy ?? []).length > 0,
      );
    };
    await eventually('all alerts are processed', async () => ((await verdicts()).at(-1) ? true : undefined));
    return (await verdicts()).slice(0, alerts.length);
  }

  it.each(
    SUPPRESSES.map(([source, target]) => ({ source: source[0], target: target[0], labels: [source[1], target[1]] })),
  )(
    '$source suppresses $target of the same service only',
    async ({ source, target, labels: [ofSource = {}, ofTarget = {}] }) => {
      const job = `a${count}`;
      expect(
        await suppressed(
          alertOf(source, { ...ofSource, job }),
          alertOf(target, { ...ofTarget, job }),
          alertOf(target, { ...ofTarget, job: `another-${job}` }),
        ),
      ).toEqual([false, true, false]);
    },
  );

  it('an alert about one cache does not suppress an alert about another cache', async () => {
    const job = `b${count}`;
    const other = { job, primitive_name: 'answers' };
    expect(
      await suppressed(alertOf('TTALowCacheHitRate', { job, ...cache }), alertOf('TTAModerateLowCacheHitRate', other)),
    ).toEqual([false, false]);
  });

  it('an instance that is down suppresses no alert about its service', async () => {
    const job = `c${count}`;
    expect(
      await suppressed(alertOf('TTAInstanceDown', { job, instance: 'b:9464' }), alertOf('TTAHighErrorRate', { job })),
    ).toEqual([false, false]);
  });

  it('a collector that is down suppresses alerts about lost spans of all services', async () => {
    const spans = alertOf('TTASpansLost', { job: `d${count}`, reason: 'export_failed' });
    expect(await suppressed(spans)).toEqual([false]);
    expect(await suppressed(alertOf('TTACollectorDown', { job: 'otel-collector' }), spans)).toEqual([false, true]);
  });
});
