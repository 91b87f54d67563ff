/** Grafana's own code reads the dashboards, with the answers of a live Prometheus to their queries. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { dashboards, type Panel, panelsWithQueries } from './dashboards.ts';
import type { Line, TimeWindow } from './grafana.ts';
import { type Field, type Frame, type GrafanaData, loadGrafanaData } from './grafana-data.ts';
import { liveFrames } from './live-answers.ts';
import { type LiveSystem, startLiveSystem } from './live-system.ts';
import { faults } from './workload.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');

const WINDOW: TimeWindow = { range: 60, step: 1, rateInterval: '10s' };
/** A number of few digits with its unit, or the text of a mapping. */
const TEXT =
  /^(?:-?\$?\d{1,4}(?:\.\d+)?(?:%|[KM]| (?:K|Mil)| (?:ns|µs|ms|s|mins?|hours?|days?)| (?:B|[KMG]iB)|[KM]? (?:ops|req)\/s)?|UP|DOWN|closed|half-open|open|no|observed)$/;
/** Tests of their own ask these. */
const ELSEWHERE = /traces_span_metrics_|tta_scrape_workers/;

const panels = dashboards.flatMap((dashboard) =>
  panelsWithQueries(dashboard)
    .filter(({ targets = [] }) => !targets.some(({ expr }) => ELSEWHERE.test(expr)))
    .map((panel) => [`${dashboard.title}: ${panel.title}`, panel] as const),
);
const ofType = (...types: readonly string[]) => panels.filter(([, { type }]) => types.includes(type));

describe.skipIf(prometheus === undefined || collector === undefined)("Grafana's own code", () => {
  let grafana: GrafanaData;
  let system: LiveSystem;
  const context = () => ({ replaceVariables: (text: string) => text, theme: grafana.createTheme(), timeZone: 'utc' });

  beforeAll(async () => {
    faults.share = 0.1;
    grafana = await loadGrafanaData();
    system = await startLiveSystem({ prometheus: prometheus as string, collector, withLosses: true });
  }, 900_000);
  afterAll(() => system?.stop());

  /** The frames of a panel as Grafana draws them, once every query has an answer. */
  async function framesOfPanel(panel: Panel, edit = (line: Line) => line): Promise<readonly Frame[]> {
    const { fieldConfig, transformations = [] } = panel;
    const answers = await liveFrames(system.prometheus.url, panel, WINDOW, edit);
    const frames = answers.map((frame) => grafana.toDataFrame(frame));
    const data = await new Promise<readonly Frame[]>((resolve) =>
      grafana.transformDataFrame(transformations, frames).subscribe(resolve),
    );
    return grafana.applyFieldOverrides({ ...context(), data, fieldConfig });
  }

  const numbersOf = (frames: readonly Frame[]) =>
    frames.flatMap((frame) => frame.fields.filter(({ type }) => type === 'number').map((field) => ({ frame, field })));
  const textsOf = ({ values, display }: Field) =>
    values
      .filter(Number.isFinite)
      .map((value) => grafana.formattedValueToString(display?.(value) ?? { text: 'without a text', numeric: 0 }));

  it('knows the unit of every panel and column', () => {
    const known = new Set(grafana.getValueFormats().flatMap(({ submenu }) => submenu.map(({ value }) => value)));
    for (const [title, { fieldConfig }] of panels) {
      const overrides = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties);
      const units = [
        fieldConfig?.defaults.unit,
        ...overrides.filter(({ id }) => id === 'unit').map(({ value }) => value),
      ];
      for (const unit of units.filter((each) => each !== undefined)) expect([...known], title).toContain(unit);
    }
  });

  it.each(ofType('timeseries', 'stat', 'bargauge', 'state-timeline'))(
    '%s: every series has a name of its own, and values with short texts',
    async (_, panel) => {
      const frames = await framesOfPanel(panel);
      expect(frames).not.toEqual([]);
      const names = numbersOf(frames).map(({ field, frame }) => grafana.getFieldDisplayName(field, frame, frames));
      expect(names.filter((name) => name.trim() === '')).toEqual([]);
      expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
      for (const { field } of numbersOf(frames)) for (const text of textsOf(field)) expect(text).toMatch(TEXT);
    },
  );

  it.each(ofType('stat', 'bargauge'))('%s: reduces every series to a value with a colour', async (_, panel) => {
    const data = await framesOfPanel(panel);
    const { reduceOptions } = panel.options as { reduceOptions: object };
    const shown = grafana.getFieldDisplayValues({ ...context(), data, reduceOptions, fieldConfig: panel.fieldConfig });
    expect(shown.length).toBe(Math.min(data.length, 25));
    for (const { display } of shown) {
      expect(grafana.formattedValueToString(display)).toMatch(TEXT);
      expect(display.color).toMatch(/^#|^rgb/);
    }
  });

  it.each(panels.filter(([, { fieldConfig }]) => (fieldConfig?.defaults.thresholds?.steps.length ?? 0) > 1))(
    '%s: each threshold changes the colour at its value',
    (_, { fieldConfig }) => {
      const { visualization } = grafana.createTheme();
      const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
      const frame = grafana.toDataFrame({ fields: [{ name: 'Value', type: 'number', config: {}, values: [0] }] });
      const [shown] = grafana.applyFieldOverrides({ ...context(), data: [frame], fieldConfig });
      const colourOf = (value: number) => shown?.fields[0]?.display?.(value).color;
      const mapped = (value: number) => fieldConfig?.defaults.mappings?.some(({ options }) => `${value}` in options);
      for (const [index, { value, color }] of steps.entries()) {
        if (value === null || mapped(value)) continue;
        expect(colourOf(value)).toBe(visualization.getColorByName(color));
        expect(colourOf(value - 1e-9)).toBe(visualization.getColorByName(steps[index - 1]?.color ?? ''));
      }
    },
  );

  it.each(panels.filter(([, { fieldConfig }]) => fieldConfig?.defaults.mappings !== undefined))(
    '%s: shows a word and a colour for each state',
    async (_, panel) => {
      const [frame] = await framesOfPanel(panel);
      const display = numbersOf([frame as Frame])[0]?.field.display;
      const { visualization } = grafana.createTheme();
      for (const [value, { text, color }] of Object.entries(panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {}))
        expect(display?.(Number(value))).toMatchObject({ text, color: visualization.getColorByName(color) });
    },
  );

  it.each(ofType('heatmap'))('%s: the series are named by the bounds of the buckets', async (_, panel) => {
    const frames = await framesOfPanel(panel);
    const bounds = numbersOf(frames).map(({ field, frame }) => grafana.getFieldDisplayName(field, frame, frames));
    expect(bounds.length).toBeGreaterThan(10);
    for (const bound of bounds) expect(bound).toMatch(/^(?:[\d.]+|\+Inf)$/);
  });

  it.each(ofType('table'))('%s: has one row per workflow, with names and units of the columns', async (_, panel) => {
    const [table, ...others] = await framesOfPanel(panel);
    expect(others).toEqual([]);
    const columns = new Map(
      table?.fields.map((field) => [grafana.getFieldDisplayName(field, table, [table]), field] as const),
    );
    expect([...columns.keys()]).toEqual(['Workflow', 'Executions', 'Failed', 'p50', 'p95', 'Cost']);
    const workflows = columns.get('Workflow')?.values ?? [];
    expect(workflows).toContain('answer-ticket');
    expect(new Set(workflows).size).toBe(workflows.length);
    for (const [name, unit] of [
      ['Executions', /^[\d.]+$/],
      ['Failed', /^[\d.]+%$/],
      ['p95', /^[\d.]+ m?s$/],
      ['Cost', /^\$[\d.]+$/],
    ] as const)
      for (const text of textsOf(columns.get(name) as Field)) expect(text).toMatch(unit);
  });

  it.each(ofType('table'))(
    '%s: has columns for the cluster and the namespace of targets with such labels',
    async (_, panel) => {
      const [table] = await framesOfPanel(panel, ({ labels, points }) => ({
        labels: { cluster: 'eu', namespace: 'shop', ...labels },
        points,
      }));
      const names = table?.fields.map((field) => grafana.getFieldDisplayName(field, table, [table]));
      expect(names?.slice(0, 4)).toEqual(['Cluster', 'Namespace', 'Workflow', 'Executions']);
    },
  );
});
