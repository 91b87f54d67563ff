/**
 * Draws the pictures of the guide. No Grafana is at hand, so this is not a screenshot of one: our own drawing of the
 * dashboards' panels, each filled with what a real Prometheus answers to that panel's queries.
 *
 *   UPDATE_PICTURES=12 npx vitest run test/grafana/pictures   after twelve minutes of the support desk at work
 *   UPDATE_PICTURES=http://127.0.0.1:9090 ...                 from a Prometheus that has been running
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
import { type Dashboard, dashboards, queried } from './dashboards.ts';
import type { Window } from './grafana.ts';
import { page, WIDTH } from './picture/page.ts';
import { startStand } from './stand.ts';
import { weather } from './workload.ts';

const PICTURES = fileURLToPath(new URL('../../../.github/readme/', import.meta.url));
const asked = process.env.UPDATE_PICTURES ?? '';
/** Dashboards of the guide, and the names of their pictures. */
const PICTURED = {
  'tta-system-overview': 'dashboard',
  'tta-primitives': 'dashboard-primitives',
  'tta-llm': 'dashboard-llm',
};
const WINDOW: Window = { range: 600, step: 5, rateInterval: '20s' };
const CHROMIUM = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Traffic that comes and goes, and an outage in the middle. */
async function atWork(minutes: number) {
  const began = Date.now();
  const passed = () => (Date.now() - began) / 60_000;
  const stand = await startStand({
    prometheus: component('prometheus') as string,
    collector: component('otelcol-tta'),
    everyMs: () => {
      const outage = passed() > minutes * 0.5 && passed() < minutes * 0.62;
      weather.faults = outage ? 0.3 : 0.015;
      return 330 + 170 * Math.sin(passed() * 2.2);
    },
  });
  await pause(minutes * 60_000);
  return stand;
}

async function draw(): Promise<void> {
  const stand = asked.startsWith('http') ? undefined : await atWork(Number(asked));
  const url = stand?.prometheus.url ?? asked;
  const folder = tempFolder();
  mkdirSync(PICTURES, { recursive: true });
  for (const [uid, name] of Object.entries(PICTURED)) {
    const dashboard = dashboards.find((each) => each.uid === uid) as Dashboard;
    const { html, height } = await page(url, dashboard, WINDOW);
    const file = join(folder, `${uid}.html`);
    writeFileSync(file, html);
    const shot = spawnSync('chromium', [
      ...CHROMIUM,
      `--user-data-dir=${join(folder, 'chromium')}`,
      `--window-size=${WIDTH},${height}`,
      `--screenshot=${join(PICTURES, `${name}.png`)}`,
      `file://${file}`,
    ]);
    expect(shot.status, shot.stderr.toString()).toBe(0);
  }
  await stand?.stop();
}

if (asked !== '') it('draws the dashboards of the guide from a live Prometheus', { timeout: 3_600_000 }, draw);

const prometheus = component('prometheus');

it.skipIf(prometheus === undefined)('draws what Prometheus answers, and says so where there is nothing', async () => {
  const server = await startPrometheus(prometheus as string, '127.0.0.1:9');
  const telemetry = dashboards.find(({ uid }) => uid === 'tta-telemetry') as Dashboard;
  const shown = await eventually('the health of the targets', async () => {
    const { html } = await page(server.url, telemetry, WINDOW);
    return html.includes('<h3>Target health</h3><svg') ? html : undefined;
  });
  expect(shown).toContain('<h3>Spans lost by reason</h3><p>No data</p>');
  for (const { title } of queried(telemetry)) expect(shown).toContain(`<h3>${title}</h3>`);
  await server.stop();
});
