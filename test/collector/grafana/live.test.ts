import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { dashboards, panelsWithQueries, type Target, type Variable } from './dashboards.ts';
import { type TimeWindow, variableValues, waitForSeries } from './grafana.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';
import { faults } from './workload.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');

const ALL: TimeWindow = { range: 60, step: 1, rateInterval: '10s' };
const targets = dashboards.flatMap((dashboard) =>
  panelsWithQueries(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target) => [`${dashboard.title}: ${panel.title} ${target.refId}`, target] as const),
  ),
);
const readsCollector = ({ expr }: Target) => expr.includes('otelcol_');
/** exemplars.test.ts tests the targets that read the metrics of a gateway. */
const readsGateway = ({ expr }: Target) => expr.includes('traces_span_metrics_');
/** Of programs that have workers: test/sdk tests it. */
const readsWorkers = ({ expr }: Target) => expr.includes('tta_scrape_workers');
const readsApplication = (target: Target) => !readsCollector(target) && !readsGateway(target) && !readsWorkers(target);
const collectorTargets = targets.filter(([, target]) => readsCollector(target));
const applicationTargets = targets.filter(([, target]) => readsApplication(target));

describe.skipIf(prometheus === undefined)('the dashboards on a live Prometheus', () => {
  let system: LiveSystem;
  let url: string;

  beforeAll(async () => {
    faults.share = 0.1;
    system = await startLiveSystem({ prometheus: prometheus as string, collector, withLosses: true });
    url = system.prometheus.url;
  });
  afterAll(() => system?.stop());

  it.each(applicationTargets)('%s has an answer', async (_, target) => {
    expect(await waitForSeries(url, target, ALL)).not.toEqual([]);
  });

  it.skipIf(collector === undefined).each(collectorTargets)('%s has an answer', async (_, target) => {
    expect(await waitForSeries(url, target, ALL)).not.toEqual([]);
  });

  it.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    'the variables of %s offer values, and its panels answer for the first job and instance',
    async (_, dashboard) => {
      const selected: Record<string, string> = {};
      const [, cluster, namespace, ...others] = dashboard.templating.list;
      // These targets have no such labels. All selects them.
      for (const variable of [cluster, namespace] as Variable[])
        expect(await variableValues(url, variable, ALL)).toEqual([]);
      for (const variable of others) {
        const values = await eventually(`values of ${variable.name}`, async () => {
          const found = await variableValues(url, variable, { ...ALL, selected });
          return found.length > 0 ? found : undefined;
        });
        if (variable.name === 'job') expect(values).toEqual(['tta-primitives']);
        if (variable.name === 'job' || variable.name === 'instance') selected[variable.name] = values[0] as string;
      }
      const own = panelsWithQueries(dashboard).flatMap((panel) => panel.targets ?? []);
      for (const target of own.filter(readsApplication))
        expect(await waitForSeries(url, target, { ...ALL, selected }), target.expr).not.toEqual([]);
    },
  );
});
