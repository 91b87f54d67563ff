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
const queue = { queue_name: 'texts' };

/** TTAServiceDown itself, and the alerts about programs that are not services of a user. */
const OTHER_PROGRAMS = /^TTA(?:(?:Service|Prometheus|Alertmanager|Collector|Grafana|Jaeger)Down|Watchdog)$/;
const instance = { instance: 'a:9464' };
const exporter = { instance: 'c:8888', exporter: 'otlp_http' };

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
    ['TTAAvailabilitySLOBreach', {}],
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
  [
    ['TTAServiceVanished', {}],
    ['TTAStaleMetrics', {}],
  ],
  [
    ['TTAServiceHangs', {}],
    ['TTAExecutionsPileUp', { primitive_type: 'llm' }],
  ],
  [
    ['TTAModelFails', { model: 'm', provider: 'p' }],
    ['TTAFallbackInUse', { primitive_name: 'answer' }],
  ],
  [
    ['TTACircuitOpen', { primitive_name: 'provider' }],
    ['TTARetriesFail', { primitive_name: 'ask' }],
  ],
  [
    ['TTAQueueStandsStill', queue],
    ['TTAQueueFallsBehind', queue],
  ],
  [
    ['TTAQueueStandsStill', queue],
    ['TTAQueueGrows', queue],
  ],
  [
    ['TTAQueueFallsBehind', queue],
    ['TTAQueueGrows', queue],
  ],
  [
    ['TTAQueueEngineFails', { ...queue, operation: 'send' }],
    ['TTAQueueRefusesJobs', { ...queue, reason: 'away' }],
  ],
  [
    ['TTACollectorDown', { instance: 'c:8888' }],
    ['TTACollectorRefusesSpans', { instance: 'c:8888' }],
  ],
  [
    ['TTACollectorQueueFull', exporter],
    ['TTACollectorSendsNothing', exporter],
  ],
  [
    ['TTACollectorQueueFull', exporter],
    ['TTACollectorQueueFills', { ...exporter, data_type: 'traces' }],
  ],
  [
    ['TTAPrometheusStorageFails', { instance: 'c:9090' }],
    ['TTARuleFails', { instance: 'c:9090', rule_group: 'g' }],
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
          alertOf(source, { ...ofSource, cluster: job, job }),
          alertOf(target, { ...ofTarget, cluster: job, job }),
          alertOf(target, { ...ofTarget, cluster: `another-${job}`, job: `another-${job}` }),
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

  it.each(['TTAEventLoopBlocked', 'TTACallbackErrors', 'TTAWorkerStuck', 'TTAInstanceDown'])(
    '%s suppresses TTAScrapeSlow of the same instance, whose job is that of the scrape',
    async (source) => {
      const place = { namespace: `n${count}`, ...instance };
      const slow = (more: Labels) => alertOf('TTAScrapeSlow', { job: 'tta-shop', ...place, ...more });
      expect(
        await suppressed(
          alertOf(source, { job: 'shop', ...place }),
          slow({}),
          slow({ instance: 'b:9464' }),
          slow({ namespace: 'another' }),
        ),
      ).toEqual([false, true, false, false]);
    },
  );

  it('a service in one namespace suppresses nothing in another, and in one cluster nothing in another', async () => {
    const job = `e${count}`;
    const at = (cluster: string, namespace: string) => ({ job, cluster, namespace });
    expect(
      await suppressed(
        alertOf('TTAServiceDown', at('east', 'staging')),
        alertOf('TTAHighErrorRate', at('east', 'production')),
        alertOf('TTAHighErrorRate', at('west', 'staging')),
        alertOf('TTAHighErrorRate', at('east', 'staging')),
      ),
    ).toEqual([false, false, false, true]);
  });

  it.each([
    ['TTACollectorDown', 'TTASpansLost'],
    ['TTACollectorDown', 'TTAMetricsPushFails'],
    ['TTAJaegerDown', 'TTACollectorSendsNothing'],
    ['TTAAlertmanagerDown', 'TTAAlertsNotDelivered'],
  ])('%s, in a namespace of its own, suppresses %s in all of its cluster', async (source, target) => {
    const cluster = `f${count}`;
    expect(
      await suppressed(
        alertOf(source, { cluster, namespace: 'monitoring', job: 'one', instance: 'c:1' }),
        alertOf(target, { cluster, namespace: 'shop', job: 'another', instance: 'd:1' }),
        alertOf(target, { cluster: `not-${cluster}`, namespace: 'shop', job: 'another', instance: 'd:1' }),
      ),
    ).toEqual([false, true, false]);
  });

  it('repeats the watchdog, which nothing suppresses', async () => {
    expect(await suppressed(alertOf('TTAWatchdog', {}))).toEqual([false]);
    const heard = () => alertmanager.notifications.filter(({ receiver }) => receiver === 'watchdog').length;
    await eventually('two messages', async () => (heard() >= 2 ? true : undefined));
  });
});
