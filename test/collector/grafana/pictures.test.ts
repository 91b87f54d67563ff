/**
 * Draws the pictures of the guide. They are not screenshots of Grafana: this code draws the panels of the dashboards
 * with the answers of a real Prometheus to their queries.
 *
 *   UPDATE_PICTURES=12 npx vitest run test/collector/grafana/pictures   after twelve minutes of the support desk
 *   UPDATE_PICTURES=http://127.0.0.1:9090 ...                           with the data of a running Prometheus
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { eventually, startPrometheus } from '../../support/prometheus.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { type Dashboard, dashboards, panelsWithQueries } from './dashboards.ts';
import type { TimeWindow } from './grafana.ts';
import { startLiveSystem } from './live-system.ts';
import { renderPage, WIDTH } from './picture/render-page.ts';
import { faults } from './workload.ts';

const PICTURES = fileURLToPath(new URL('../../../.github/readme/', import.meta.url));
const update = process.env.UPDATE_PICTURES ?? '';
/** The dashboards in the guide, and the names of their pictures. */
const PICTURED = {
  'tta-system-overview': 'dashboard',
  'tta-primitives': 'dashboard-primitives',
  'tta-llm': 'dashboard-llm',
};
const WINDOW: TimeWindow = { range: 600, step: 5, rateInterval: '20s' };
const CHROMIUM = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Runs the support desk with changing traffic and an outage in the middle. */
async function runSupportDesk(minutes: number) {
  const startedAt = Date.now();
  const passedMinutes = () => (Date.now() - startedAt) / 60_000;
  const system = await startLiveSystem({
    prometheus: component('prometheus') as string,
    collector: component('otelcol-tta'),
    ticketIntervalMs: () => {
      const isOutage = passedMinutes() > minutes * 0.5 && passedMinutes() < minutes * 0.62;
      faults.share = isOutage ? 0.3 : 0.015;
      return 330 + 170 * Math.sin(passedMinutes() * 2.2);
    },
  });
  await pause(minutes * 60_000);
  return system;
}

async function draw(): Promise<void> {
  const system = update.startsWith('http') ? undefined : await runSupportDesk(Number(update));
  const url = system?.prometheus.url ?? update;
  const folder = tempFolder();
  mkdirSync(PICTURES, { recursive: true });
  for (const [uid, name] of Object.entries(PICTURED)) {
    const dashboard = dashboards.find((each) => each.uid === uid) as Dashboard;
    const { html, height } = await renderPage(url, dashboard, WINDOW);
    const file = join(folder, `${uid}.html`);
    writeFileSync(file, html);
    const chromium = spawnSync('chromium', [
      ...CHROMIUM,
      `--user-data-dir=${join(folder, 'chromium')}`,
      `--window-size=${WIDTH},${height}`,
      `--screenshot=${join(PICTURES, `${name}.png`)}`,
      `file://${file}`,
    ]);
    expect(chromium.status, chromium.stderr.toString()).toBe(0);
  }
  await system?.stop();
}

if (update !== '') it('draws the dashboards of the guide from a live Prometheus', { timeout: 3_600_000 }, draw);

const prometheus = component('prometheus');

it.skipIf(prometheus === undefined)('draws the answers of Prometheus, and says when there is no data', async () => {
  const server = await startPrometheus(prometheus as string, '127.0.0.1:9');
  const telemetry = dashboards.find(({ uid }) => uid === 'tta-telemetry') as Dashboard;
  const shown = await eventually('the health of the targets', async () => {
    const { html } = await renderPage(server.url, telemetry, WINDOW);
    return html.includes('<h3>Target health</h3><svg') ? html : undefined;
  });
  expect(shown).toContain('<h3>Spans lost by reason</h3><p>No data</p>');
  for (const { title } of panelsWithQueries(telemetry)) expect(shown).toContain(`<h3>${title}</h3>`);
  await server.stop();
});
