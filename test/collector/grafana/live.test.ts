import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { eventually } from '../../support/prometheus.ts';
import { dashboards, queried, type Target } from './dashboards.ts';
import { awaitAnswer, offered, type Window } from './grafana.ts';
import { type Stand, startStand } from './stand.ts';
import { weather } from './workload.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');

const ALL: Window = { range: 60, step: 1, rateInterval: '10s' };
const targets = dashboards.flatMap((dashboard) =>
  queried(dashboard).flatMap((panel) =>
    (panel.targets ?? []).map((target) => [`${dashboard.title}: ${panel.title} ${target.refId}`, target] as const),
  ),
);
const isCollectors = ({ expr }: Target) => expr.includes('otelcol_');
/** Those of a gateway are for exemplars.test.ts. */
const isGateways = ({ expr }: Target) => expr.includes('traces_span_metrics_');
const isOurs = (target: Target) => !isCollectors(target) && !isGateways(target);
const ofCollector = targets.filter(([, target]) => isCollectors(target));
const ofApplication = targets.filter(([, target]) => isOurs(target));

describe.skipIf(prometheus === undefined)('the dashboards on a live Prometheus', () => {
  let stand: Stand;
  let url: string;

  beforeAll(async () => {
    weather.faults = 0.1;
    stand = await startStand({ prometheus: prometheus as string, collector, abused: true });
    url = stand.prometheus.url;
  });
  afterAll(() => stand?.stop());

  it.each(ofApplication)('%s has an answer', async (_, target) => {
    expect(await awaitAnswer(url, target, ALL)).not.toEqual([]);
  });

  it.skipIf(collector === undefined).each(ofCollector)('%s has an answer', async (_, target) => {
    expect(await awaitAnswer(url, target, ALL)).not.toEqual([]);
  });

  it.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))(
    'the variables of %s offer values, and its panels answer for the first job and instance',
    async (_, dashboard) => {
      const chosen: Record<string, string> = {};
      for (const variable of dashboard.templating.list.slice(1)) {
        const values = await eventually(`values of ${variable.name}`, async () => {
          const found = await offered(url, variable, { ...ALL, chosen });
          return found.length > 0 ? found : undefined;
        });
        if (variable.name === 'job') expect(values).toEqual(['tta-primitives']);
        if (variable.name === 'job' || variable.name === 'instance') chosen[variable.name] = values[0] as string;
      }
      const own = queried(dashboard).flatMap((panel) => panel.targets ?? []);
      for (const target of own.filter(isOurs))
        expect(await awaitAnswer(url, target, { ...ALL, chosen }), target.expr).not.toEqual([]);
    },
  );
});
