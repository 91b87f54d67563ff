/** The panels and tables of a time, as the page gets them. */
import type { NumbersAnswer, NumbersPanel, NumbersSeries, NumbersTable } from '../api.ts';
import { type Evaluated, evaluate } from './evaluate.ts';
import { type Excerpt, takeExcerpt } from './excerpt.ts';
import { filterOf } from './filter-of.ts';
import type { Frames } from './frames.ts';
import type { PanelRow, TableRow } from './panel.ts';
import { PANELS } from './panels.ts';
import { boundOf } from './reading.ts';
import type { SeriesBook } from './series.ts';
import { readSpanOfTime } from './span-of-time.ts';
import { TABLES } from './tables.ts';

/** Of a panel. As many as a reader can tell apart. */
const MAX_LINES = 10;
const MAX_ROWS = 50;

export function answerOf(
  frames: Frames,
  book: SeriesBook,
  parameters: URLSearchParams,
  nowMs: number,
): Omit<NumbersAnswer, 'targets'> {
  const keptFromMs = frames.oldestMs();
  const span = readSpanOfTime(parameters, nowMs, keptFromMs);
  const excerpt = takeExcerpt(frames, book, span);
  return {
    fromMs: span.fromMs,
    toMs: span.toMs,
    stepMs: span.stepMs,
    spanMs: span.stepMs * span.stepsPerValue,
    keptFromMs,
    runsBeforeMs: longestRunMs(excerpt),
    panels: PANELS.flatMap(([row, panels]) => panels.map((panel) => panelOf(excerpt, row, panel))),
    tables: TABLES.map((table) => tableOf(excerpt, table)),
  };
}

function panelOf(excerpt: Excerpt, row: string, panel: PanelRow): NumbersPanel {
  const { id, title, description, unit, shape, thresholds = [], status, isWithoutRuns = false } = panel;
  const hasValues = shape === 'lines' || shape === 'stacked';
  const all = panel.lines.flatMap(({ name, measure }) =>
    evaluate(excerpt, measure, labelsOf(name)).map((each) => ({
      ...each,
      name: nameOf(name, each.labels),
      // A share of 0 says something. That a counter stood still, in a list of others, does not.
      isIdle: each.total === 0 && (measure.kind === 'rate' || measure.kind === 'increase'),
    })),
  );
  // A number for all is shown also when it is 0.
  const busy = all.filter(({ total, isIdle, labels }) =>
    Object.keys(labels).length === 0 ? shape === 'values' || total !== null : total !== null && !isIdle,
  );
  const kept = largest(busy, MAX_LINES, ({ total }) => total);
  const series = kept.map(
    ({ name, labels, total, values }): NumbersSeries => ({
      name,
      colour: total === null ? null : (thresholds.findLast(([, from]) => total >= from)?.[0] ?? null),
      total,
      values: hasValues ? values() : [],
      filter: isWithoutRuns ? null : filterOf(labels, status),
    }),
  );
  return {
    id,
    row,
    title,
    description,
    unit,
    shape,
    series,
    leftOut: busy.length - kept.length,
    quiet: all.length - busy.length,
  };
}

function tableOf(excerpt: Excerpt, { id, row, title, description, of, name, columns }: TableRow): NumbersTable {
  const by = labelsOf(name);
  const rows = new Map<string, { labels: Evaluated['labels']; cells: (number | null)[] }>();
  for (const [column, [, , measure]] of columns.entries()) {
    for (const { labels, total } of evaluate(excerpt, measure, by)) {
      const key = JSON.stringify(by.map((label) => labels[label]));
      const line = rows.get(key) ?? { labels, cells: columns.map(() => null) };
      line.cells[column] = total;
      rows.set(key, line);
    }
  }
  const all = [...rows.values()].map(({ labels, cells }) => ({
    name: nameOf(name, labels),
    cells,
    filter: filterOf(labels),
  }));
  const busy = all.filter(({ cells }) => cells.some((cell) => cell));
  const kept = largest(busy, MAX_ROWS, ({ cells }) => cells[0] ?? null);
  return {
    id,
    row,
    title,
    description,
    of,
    columns: columns.map(([column, unit]) => ({ name: column, unit })),
    rows: kept,
    leftOut: busy.length - kept.length,
    quiet: all.length - busy.length,
  };
}

/** The largest, in the order of their names: a line keeps its colour while others become larger. */
function largest<T extends { readonly name: string }>(
  all: readonly T[],
  most: number,
  size: (each: T) => number | null,
): readonly T[] {
  const kept = all.length <= most ? [...all] : [...all].sort((one, other) => (size(other) ?? -1) - (size(one) ?? -1));
  return kept.slice(0, most).sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** The labels in a name: `{{model}} ({{provider}})` has two. */
function labelsOf(name: string): readonly string[] {
  return [...name.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
}

function nameOf(name: string, labels: Evaluated['labels']): string {
  return name.replace(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');
}

const LONGEST_MS = 600_000;

/** The largest duration of a workflow in the time: the bound of its bucket. */
function longestRunMs(excerpt: Excerpt): number {
  const buckets = excerpt.groups({ metric: 'tta_workflow_duration_seconds_bucket' }, ['le']);
  const bounds = [...buckets.values()]
    .filter(({ steps, inGaps }) => inGaps > 0 || steps.some((count) => count > 0))
    .map(({ labels }) => boundOf(labels) * 1_000);
  return Math.min(LONGEST_MS, Math.max(0, ...bounds));
}
