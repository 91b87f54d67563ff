import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { type Dashboard, dashboards, panelsWithQueries, type Target } from './dashboards.ts';
import { type Line, runTarget, type TimeWindow, variableValues, waitForSeries } from './grafana.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const prometheus = component('prometheus');

const WINDOW: TimeWindow = { range: 60, step: 1, rateInterval: '10s' };
/** The same job at the same address, so that only these labels tell the targets apart. */
const PLACES = [
  ['eu', 'shop'],
  ['eu', 'staging'],
  ['us', 'shop'],
  ['us', 'lab'],
] as const;
const AS_SHIPPED = "      - targets: ['127.0.0.1:9464']\n";
const targets = PLACES.map(([cluster, namespace]) =>
  AS_SHIPPED.concat(`        labels: { cluster: ${cluster}, namespace: ${namespace} }\n`),
).join('');

const targetsOf = (dashboard: Dashboard) =>
  panelsWithQueries(dashboard)
    .flatMap((panel) => panel.targets ?? [])
    // The others are of programs that serve all namespaces.
    .filter(({ expr }) => !/\{cluster=~"\$cluster\|"/.test(expr));
const placesOf = (lines: readonly Line[]) =>
  [...new Set(lines.map(({ labels }) => [labels.cluster, labels.namespace].join('/')))].sort();
const dashboardOf = (uid: string) => dashboards.find((each) => each.uid === uid) as Dashboard;
const targetOf = (uid: string, title: string) =>
  dashboardOf(uid).panels.find((panel) => panel.title === title)?.targets?.[0] as Target;

describe.skipIf(prometheus === undefined)('one job in two clusters and in several namespaces', () => {
  let system: LiveSystem;
  let url: string;

  beforeAll(async () => {
    system = await startLiveSystem({
      prometheus: prometheus as string,
      editConfiguration: (text) => text.replace(AS_SHIPPED, () => targets),
    });
    url = system.prometheus.url;
    const table = targetOf('tta-workflows', 'Each workflow');
    await eventually('every place has an answer', async () =>
      placesOf(await runTarget(url, table, WINDOW)).length === PLACES.length ? true : undefined,
    );
  });
  afterAll(() => system?.stop());

  it('is one line for each of them while all are selected', async () => {
    const all = ['eu/shop', 'eu/staging', 'us/lab', 'us/shop'];
    for (const [uid, title] of [
      ['tta-workflows', 'Each workflow'],
      ['tta-workflows', 'Success rate'],
      ['tta-primitives', 'In flight'],
      ['tta-llm', 'Cost by workflow'],
      ['tta-system-overview', 'System health'],
      ['tta-system-overview', 'Memory'],
      ['tta-telemetry', 'Size of a scrape'],
    ] as const)
      expect(placesOf(await waitForSeries(url, targetOf(uid, title), WINDOW)), title).toEqual(all);
  });

  it.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    'is offered and selected by the variables of %s',
    async (_, dashboard) => {
      const [, cluster, namespace, job] = dashboard.templating.list;
      const values = (variable: typeof cluster, selected: Record<string, string>) =>
        variableValues(url, variable as NonNullable<typeof cluster>, { ...WINDOW, selected });
      expect(await values(cluster, {})).toEqual(['eu', 'us']);
      expect(await values(namespace, {})).toEqual(['lab', 'shop', 'staging']);
      expect(await values(namespace, { cluster: 'us' })).toEqual(['lab', 'shop']);
      expect(await values(job, { cluster: 'us', namespace: 'staging' })).toEqual([]);
      for (const target of targetsOf(dashboard)) {
        const places = async (selected: Record<string, string>) =>
          placesOf(await runTarget(url, target, { ...WINDOW, selected })).filter((place) => place !== '/');
        expect(['eu/shop', '']).toContain((await places({ cluster: 'eu', namespace: 'shop' })).join());
        expect(['eu/shop,us/shop', '']).toContain((await places({ cluster: '(eu|us)', namespace: 'shop' })).join());
      }
    },
  );

  it('has no data where nothing is selected, in sums neither', async () => {
    const selected = { cluster: 'eu', namespace: 'lab' };
    for (const target of dashboards.flatMap(targetsOf))
      expect(await runTarget(url, target, { ...WINDOW, selected }), target.expr).toEqual([]);
  });
});
