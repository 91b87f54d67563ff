/** Renders a panel of a dashboard with its data as HTML. */
import type { Panel } from '../dashboards.ts';
import type { Line, TimeWindow } from '../grafana.ts';
import { type Box, chart, legend, type NamedLine } from './chart.ts';
import { escapeHtml, formatValue } from './format.ts';
import { heatmap, timeline } from './grid.ts';

const COLOURS: Readonly<Record<string, string>> = {
  ...{ green: '#73bf69', yellow: '#fade2a', red: '#f2495c', blue: '#5794f2' },
};

/** Replaces each `{{label}}` by the value of the label. A browser does not show the spaces that are left at the end. */
function nameOf(format: string, { labels }: Line): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '').trim();
}

const last = ({ points }: Line) =>
  points
    .map(([, value]) => value)
    .filter(Number.isFinite)
    .at(-1) ?? Number.NaN;

function colourOf(panel: Panel, value: number, name = ''): string {
  const own = panel.fieldConfig?.overrides?.find(({ matcher }) => new RegExp(matcher.options.slice(1, -1)).test(name));
  const fixed = own?.properties.find(({ id }) => id === 'color')?.value.fixedColor;
  if (fixed !== undefined) return COLOURS[fixed] ?? fixed;
  const { mappings = [], thresholds } = panel.fieldConfig?.defaults ?? {};
  const mapped = mappings.map(({ options }) => options[String(value)]).find((each) => each !== undefined);
  const step = thresholds?.steps.filter((each) => each.value === null || value >= each.value).at(-1);
  return COLOURS[mapped?.color ?? step?.color ?? 'green'] ?? '#73bf69';
}

const textOf = (panel: Panel, value: number) => {
  const { mappings = [], unit, decimals } = panel.fieldConfig?.defaults ?? {};
  const mapped = mappings.map(({ options }) => options[String(value)]).find((each) => each !== undefined);
  return mapped?.text ?? formatValue(value, unit, decimals);
};

function stat(panel: Panel, lines: readonly NamedLine[], box: Box, window: TimeWindow, now: number): string {
  const each = { width: box.width / lines.length, height: box.height };
  return lines
    .map((line) => {
      const value = last(line);
      const spark =
        line.points.length > 1
          ? chart(
              [line],
              { width: each.width + 66, height: 46 },
              { unit: '', stacked: true, step: window.step, from: now - window.range, to: now },
            )
          : '';
      const label = lines.length > 1 ? `<small>${escapeHtml(line.name)}</small>` : '';
      return `<div class="stat" style="width:${each.width}px;--c:${colourOf(panel, value)}"><b>${escapeHtml(textOf(panel, value))}</b>${label}<div class="spark">${spark}</div></div>`;
    })
    .join('');
}

function bars(panel: Panel, lines: readonly NamedLine[], { height }: Box): string {
  const largest = Math.max(...lines.map(last));
  const row = Math.min(26, height / lines.length);
  const rows = lines.map((line) => {
    const width = largest === 0 ? 0 : (100 * last(line)) / largest;
    return `<div class="bar" style="height:${row}px"><span>${escapeHtml(line.name)}</span><u><i style="width:${width}%;background:${colourOf(panel, last(line), line.name)}"></i></u><b>${escapeHtml(textOf(panel, last(line)))}</b></div>`;
  });
  return rows.join('');
}

/** @param answers the series of each target of the panel, in the order of the targets */
export function renderPanel(
  panel: Panel,
  answers: readonly (readonly Line[])[],
  box: Box,
  window: TimeWindow,
  now: number,
): string {
  const lines: readonly NamedLine[] = (panel.targets ?? []).flatMap(({ legendFormat = '' }, index) =>
    (answers[index] ?? []).map((line) => ({ ...line, name: nameOf(legendFormat, line) })),
  );
  const unit = panel.fieldConfig?.defaults.unit ?? 'short';
  const times = { step: window.step, from: now - window.range, to: now };
  if (lines.length === 0) return '<p>No data</p>';
  if (panel.type === 'stat') return stat(panel, lines, box, window, now);
  if (panel.type === 'bargauge') return bars(panel, lines, box);
  if (panel.type === 'heatmap') return heatmap(lines, box, { ...times, unit });
  if (panel.type === 'state-timeline')
    return timeline(lines, box, { ...times, colourOf: (value) => colourOf(panel, value) });
  const sorted = lines.toSorted((a, b) => last(b) - last(a) || a.name.localeCompare(b.name));
  const legendRows = Math.min(sorted.length, 5);
  const stacked = panel.fieldConfig?.defaults.custom?.stacking?.mode === 'normal';
  const below = legend(sorted, unit, legendRows);
  const height = box.height - 17 * (legendRows + 1 + (sorted.length > legendRows ? 1 : 0)) - 6;
  return chart(sorted, { width: box.width, height }, { ...times, unit, stacked }) + below;
}
