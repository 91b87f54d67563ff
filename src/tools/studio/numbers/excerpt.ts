/** The samples of a time, by series and step. */
import type { Frames } from './frames.ts';
import { type Combine, combineGauges, laterGauge } from './gauges.ts';
import type { Selector } from './measure.ts';
import { isCounter, type Series, type SeriesBook } from './series.ts';
import type { SpanOfTime } from './span-of-time.ts';

/** The growth of several counters together, or where several gauges stand. */
export interface Group {
  readonly labels: Readonly<Record<string, string>>;
  /** Of each value, those before the first step too, as many as a value has beside its own; NaN where a gauge is not known. */
  readonly steps: Float64Array;
  /** What grew in gaps that lie in the time: it is not known when. */
  readonly inGaps: number;
}

export interface Excerpt {
  readonly span: SpanOfTime;
  /** How much of each step was observed, in milliseconds; as many as `Group.steps`. */
  readonly coveredMs: Float64Array;
  /** The series that a selector selects, grouped by labels. A series without one of the labels has `''` there. */
  groups(selector: Selector, by: readonly string[]): ReadonlyMap<string, Group>;
}

/** One series in the time. */
interface Row {
  readonly series: Series;
  readonly isCounter: boolean;
  readonly steps: Float64Array;
  inGaps: number;
}

export function takeExcerpt(frames: Frames, book: SeriesBook, span: SpanOfTime): Excerpt {
  const { fromMs, toMs, stepMs, steps, stepsPerValue, lengthMs } = span;
  const length = steps + stepsPerValue - 1;
  const startMs = toMs - length * stepMs;
  const rows = new Map<number, Row>();
  const byMetric = new Map<string, Row[]>();
  const coveredMs = new Float64Array(length);

  function rowOf(id: number): Row | undefined {
    const known = rows.get(id);
    const series = book.get(id);
    if (known !== undefined || series === undefined) return known;
    const counts = isCounter(series.metric);
    const row = { series, isCounter: counts, steps: new Float64Array(length).fill(counts ? 0 : Number.NaN), inGaps: 0 };
    rows.set(id, row);
    const others = byMetric.get(series.metric);
    if (others === undefined) byMetric.set(series.metric, [row]);
    else others.push(row);
    return row;
  }

  for (const { atMs, coveredMs: covered, samples } of frames.between(lengthMs, startMs, toMs)) {
    const step = Math.floor((atMs - startMs) / stepMs);
    if (step < 0) continue;
    coveredMs[step] = (coveredMs[step] ?? 0) + covered;
    samples.ids.forEach((id, index) => {
      const row = rowOf(id);
      const before = row?.steps[step];
      if (row === undefined || before === undefined) return;
      const value = samples.values[index] ?? 0;
      row.steps[step] = row.isCounter ? before + value : laterGauge(row.series.metric, before, value);
    });
  }
  // Also series that stood still: a failure that did not happen is 0, and a workflow that is not there is nothing.
  for (const id of frames.presentIn(fromMs, toMs)) rowOf(id);
  for (const { sinceMs, atMs, samples } of frames.gaps()) {
    if (sinceMs < fromMs || atMs > toMs) continue;
    samples.ids.forEach((id, index) => {
      const row = rowOf(id);
      if (row !== undefined) row.inGaps += samples.values[index] ?? 0;
    });
  }

  const asked = new Map<string, ReadonlyMap<string, Group>>();
  return {
    span,
    coveredMs,
    groups(selector, by) {
      // Several quantiles are of the same buckets.
      const key = JSON.stringify([selector, by]);
      const known = asked.get(key) ?? groupRows(selected(byMetric.get(selector.metric) ?? [], selector), by);
      asked.set(key, known);
      return known;
    },
  };
}

function groupRows(rows: readonly Row[], by: readonly string[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, { labels: Record<string, string>; steps: Float64Array; inGaps: number }>();
  for (const { series, isCounter: counts, steps, inGaps } of rows) {
    const values = by.map((name) => series.labels[name] ?? '');
    const key = JSON.stringify(values);
    const group = groups.get(key);
    if (group !== undefined) {
      addTo(group.steps, steps, counts ? add : combineGauges(series.metric));
      group.inGaps += inGaps;
      continue;
    }
    const labels = Object.fromEntries(by.map((name, index) => [name, values[index] ?? '']));
    groups.set(key, { labels, steps: steps.slice(), inGaps });
  }
  return groups;
}

const add: Combine = (one, other) => one + other;

function addTo(sums: Float64Array, row: Float64Array, combine: Combine): void {
  row.forEach((value, step) => {
    const sum = sums[step] ?? Number.NaN;
    if (!Number.isNaN(value)) sums[step] = Number.isNaN(sum) ? value : combine(sum, value);
  });
}

function selected(all: readonly Row[], { where = {}, billed }: Selector): readonly Row[] {
  const matching = all.filter(({ series: { labels } }) =>
    Object.entries(where).every(([name, rule]) => {
      const value = labels[name] ?? '';
      return 'only' in rule ? rule.only.includes(value) : !rule.not.includes(value);
    }),
  );
  const real = billed ? matching.filter(({ series }) => series.labels.provider !== 'offline') : [];
  return real.length > 0 ? real : matching;
}
