import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { register } from '../../../src/sdk/index.ts';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { eventually, startPrometheus } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { dashboards, FOLDER, panelsWithQueries, type Target } from './dashboards.ts';
import { replaceVariables, type TimeWindow, waitForSeries } from './grafana.ts';
import { supportDesk } from './workload.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');
const WINDOW: TimeWindow = { range: 60, step: 1, rateInterval: '10s' };

interface Exemplars {
  readonly data: readonly { readonly exemplars: readonly { readonly labels: Record<string, string> }[] }[];
}

const sources = readFileSync(new URL('provisioning/datasources/tta.yml', FOLDER), 'utf8');
const traceLabel: string = parse(sources).datasources[0].jsonData.exemplarTraceIdDestinations[0].name;
const panels = dashboards.flatMap((dashboard) =>
  panelsWithQueries(dashboard).filter(({ targets = [] }) =>
    targets.some(({ expr }) => expr.includes('traces_span_metrics_')),
  ),
);

describe.skipIf(prometheus === undefined || collector === undefined)(
  'the metrics that a gateway computes from spans',
  () => {
    it('are shown, and their exemplars have trace ids', { timeout: 90_000 }, async () => {
      const tokens = join(tempFolder({ tokens: 'secret\n' }), 'tokens');
      const server = await startPrometheus(prometheus as string, '127.0.0.1:9');
      const gateway = await startCollector(collector as string, 'gateway', {
        env: { TTA_COLLECTOR_TOKEN_FILE: tokens, TTA_COLLECTOR_PROMETHEUS: `${server.url}/api/v1/write` },
        override: { connectors: { spanmetrics: { metrics_flush_interval: '1s' } } },
      });
      const headers = { authorization: 'Bearer secret' };
      const telemetry = await register({ prometheus: { port: 0 }, traces: { endpoint: gateway.url, headers } });
      const handle = supportDesk();
      let stopped = false;
      const desk = (async () => {
        for (let ticket = 0; !stopped; ticket += 1) await handle(ticket);
      })();
      const targets = panels.flatMap((panel) => panel.targets ?? []);
      expect(targets.length).toBeGreaterThan(1);
      for (const target of targets)
        expect(await waitForSeries(server.url, target, WINDOW), target.expr).not.toEqual([]);
      const latency = targets.find(({ expr }) => expr.includes('_bucket')) as Target;
      const exemplars = await eventually('exemplars', async () => {
        const now = Date.now() / 1_000;
        const query = replaceVariables(latency.expr, WINDOW);
        const parameters = new URLSearchParams({ query, start: String(now - 60), end: String(now) });
        const { data } = (await (
          await fetch(`${server.url}/api/v1/query_exemplars?${parameters}`)
        ).json()) as Exemplars;
        return data.length > 0 ? data.flatMap((series) => series.exemplars) : undefined;
      });
      // The data source makes a link from this label.
      for (const { labels } of exemplars) expect(labels[traceLabel]).toMatch(/^[0-9a-f]{32}$/);
      stopped = true;
      await desk;
      await telemetry.shutdown();
      await server.stop();
    });
  },
);
