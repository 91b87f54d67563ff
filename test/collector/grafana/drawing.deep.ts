/** Grafana's own components draw the panels in a real Chromium, with the answers of a live Prometheus. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { dashboards, panelsWithQueries } from './dashboards.ts';
import { type DrawablePanel, type Drawn, draw } from './drawing/browser.ts';
import type { TimeWindow } from './grafana.ts';
import { liveFrames } from './live-answers.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');
const chromium = component('chromium');

const WINDOW: TimeWindow = { range: 60, step: 1, rateInterval: '10s' };
/** Tests of their own ask these. */
const ELSEWHERE = /traces_span_metrics_|tta_scrape_workers/;
/** The kinds of panels whose components Grafana publishes. Those of the others are part of its program. */
const KINDS = ['timeseries', 'stat', 'bargauge'];

const panels = dashboards.flatMap((dashboard) =>
  panelsWithQueries(dashboard)
    .filter(({ type, targets = [] }) => KINDS.includes(type) && !targets.some(({ expr }) => ELSEWHERE.test(expr)))
    .map((panel) => ({ ...panel, key: `${dashboard.title}: ${panel.title}` })),
);

describe.skipIf([prometheus, collector, chromium].includes(undefined))('drawn by Grafana in a browser', () => {
  let system: LiveSystem;
  const drawable = new Map<string, DrawablePanel>();
  const drawn = new Map<string, Drawn>();

  beforeAll(async () => {
    system = await startLiveSystem({ prometheus: prometheus as string, collector, withLosses: true });
    const { url } = system.prometheus;
    for (const panel of panels) {
      const until = Date.now() / 1_000;
      const frames = await liveFrames(url, panel, WINDOW);
      drawable.set(panel.key, { ...panel, frames, from: (until - WINDOW.range) * 1_000, to: until * 1_000 });
    }
    for (const each of await draw(chromium as string, [...drawable.values()])) drawn.set(each.key, each);
  }, 900_000);
  afterAll(() => system?.stop());

  const namesOf = ({ frames }: DrawablePanel) => frames.map((frame) => (frame as { name: string }).name.trim());

  it.each(panels.map(({ key, type }) => [key, type] as const))('%s (%s)', (key, type) => {
    const { text, coloured } = drawn.get(key) as Drawn;
    const names = namesOf(drawable.get(key) as DrawablePanel);
    expect(names).not.toEqual([]);
    // One single number has no name.
    if (type !== 'stat' || names.length > 1) for (const name of names) expect(text).toContain(name);
    // After a few seconds a line is short.
    if (type === 'timeseries') expect(coloured).toBeGreaterThan(10);
    else expect(text).toMatch(/\d|UP/);
    expect(text).not.toMatch(/NaN|undefined|No data/);
  });
});
