import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Alertmanager, startAlertmanager } from '../../support/alertmanager.ts';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { alertingRules } from '../../support/rules.ts';

const program = component('prometheus-alertmanager');
const rules = alertingRules();

type Labels = Readonly<Record<string, string>>;

/** An alert as Prometheus would send it: the labels of its rule, and these. */
function alertOf(alertname: string, labels: Labels): Labels {
  const rule = rules.find((each) => each.alert === alertname && (each.labels.window ?? '') === (labels.window ?? ''));
  if (rule === undefined) throw new Error(`there is no alert ${alertname} ${JSON.stringify(labels)}`);
  return { alertname, ...rule.labels, ...labels };
}

const cache = { primitive_name: 'summaries' };

/** The alert itself, and those of programs that are no service of ours. */
const OF_OTHERS = /^TTA(?:Service|Prometheus|Alertmanager|Collector|Grafana|Jaeger)Down$/;

/** What fires, and what it keeps back in the same service. */
const EXPLAINS: readonly (readonly [source: [string, Labels], target: [string, Labels]])[] = [
  ...rules
    .filter(({ alert }) => !OF_OTHERS.test(alert))
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

describe.skipIf(program === undefined)('Alertmanager, as configured', () => {
  let alertmanager: Alertmanager;
  let count = 0;

  beforeAll(async () => {
    alertmanager = await startAlertmanager(program as string);
  });
  afterAll(() => alertmanager?.stop());

  /**
   * Sends these, each told apart by a label of its own, and gives which of them something keeps back. It heeds alerts in
   * the order they come: once the last of two more is kept back, these have been looked at.
   */
  async function keptBack(...alerts: readonly Labels[]): Promise<boolean[]> {
    const last = { job: `last${count}` };
    const all = [...alerts, alertOf('TTAServiceDown', last), alertOf('TTAInstanceDown', last)];
    const sent = all.map((labels) => ({ labels: { ...labels, nr: String(count++) } }));
    const response = await fetch(`http://${alertmanager.host}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    });
    expect(response.status).toBe(200);
    const look = async () => {
      const known = await alertmanager.alerts();
      return sent.map(
        ({ labels }) => (known.find((each) => each.labels.nr === labels.nr)?.status.inhibitedBy ?? []).length > 0,
      );
    };
    await eventually('all have been looked at', async () => ((await look()).at(-1) ? true : undefined));
    return (await look()).slice(0, alerts.length);
  }

  it.each(
    EXPLAINS.map(([source, target]) => ({ source: source[0], target: target[0], labels: [source[1], target[1]] })),
  )(
    '$source keeps back $target of the same service, and of no other',
    async ({ source, target, labels: [ofSource = {}, ofTarget = {}] }) => {
      const job = `a${count}`;
      expect(
        await keptBack(
          alertOf(source, { ...ofSource, job }),
          alertOf(target, { ...ofTarget, job }),
          alertOf(target, { ...ofTarget, job: `another-${job}` }),
        ),
      ).toEqual([false, true, false]);
    },
  );

  it('a cache that hits too rarely keeps back nothing of another cache', async () => {
    const job = `b${count}`;
    const other = { job, primitive_name: 'answers' };
    expect(
      await keptBack(alertOf('TTALowCacheHitRate', { job, ...cache }), alertOf('TTAModerateLowCacheHitRate', other)),
    ).toEqual([false, false]);
  });

  it('an instance that is down keeps back nothing: the others are still judged', async () => {
    const job = `c${count}`;
    expect(
      await keptBack(alertOf('TTAInstanceDown', { job, instance: 'b:9464' }), alertOf('TTAHighErrorRate', { job })),
    ).toEqual([false, false]);
  });

  it('a collector that is down keeps back the lost spans of everybody', async () => {
    const spans = alertOf('TTASpansLost', { job: `d${count}`, reason: 'export_failed' });
    expect(await keptBack(spans)).toEqual([false]);
    expect(await keptBack(alertOf('TTACollectorDown', { job: 'otel-collector' }), spans)).toEqual([false, true]);
  });
});
