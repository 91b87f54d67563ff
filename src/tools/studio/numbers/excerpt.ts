/** The samples of a time, by series and step. */
import { entriesOf, type Frames } from './frames.ts';
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

export function takeExcerpt(frames: Frames, book: SeriesBook, span: SpanOfTime): Excerpt {
  const { fromMs, toMs, stepMs, steps, stepsPerValue, lengthMs } = span;
  const length = steps + stepsPerValue - 1;
  const startMs = toMs - length * stepMs;
  const rows = new Map<number, Float64Array>();
  const coveredMs = new Float64Array(length);
  const inGaps = new Map<number, number>();

  function rowOf({ id, metric }: Series): Float64Array {
    const row = rows.get(id) ?? new Float64Array(length).fill(isCounter(metric) ? 0 : Number.NaN);
    rows.set(id, row);
    return row;
  }

  for (const { atMs, coveredMs: covered, samples } of frames.between(lengthMs, startMs, toMs)) {
    const step = Math.floor((atMs - startMs) / stepMs);
    if (step < 0) continue;
    coveredMs[step] = (coveredMs[step] ?? 0) + covered;
    for (const [id, value] of entriesOf(samples)) {
      const series = book.get(id);
      if (series === undefined) continue;
      const row = rowOf(series);
      const before = row[step];
      const isFirst = before === undefined || Number.isNaN(before);
      row[step] = isCounter(series.metric)
        ? (before ?? 0) + value
        : laterGauge(series.metric, isFirst ? undefined : before, value);
    }
  }
  // Also series that stood still: a failure that did not happen is 0, and a workflow that is not there is nothing.
  for (const id of frames.presentIn(fromMs, toMs)) {
    const series = book.get(id);
    if (series !== undefined) rowOf(series);
  }
  for (const { sinceMs, atMs, samples } of frames.gaps()) {
    if (sinceMs < fromMs || atMs > toMs) continue;
    for (const [id, value] of entriesOf(samples)) {
      const series = book.get(id);
      if (series === undefined) continue;
      rowOf(series);
      inGaps.set(id, (inGaps.get(id) ?? 0) + value);
    }
  }

  const byMetric = new Map<string, Series[]>();
  for (const id of rows.keys()) {
    const series = book.get(id);
    if (series === undefined) continue;
    const others = byMetric.get(series.metric);
    if (others === undefined) byMetric.set(series.metric, [series]);
    else others.push(series);
  }

  return {
    span,
    coveredMs,
    groups(selector, by) {
      const groups = new Map<string, { labels: Record<string, string>; steps: Float64Array; inGaps: number }>();
      for (const series of selected(byMetric.get(selector.metric) ?? [], selector)) {
        const labels = Object.fromEntries(by.map((name) => [name, series.labels[name] ?? '']));
        const key = JSON.stringify(Object.values(labels));
        const row = rowOf(series);
        const group = groups.get(key);
        const grown = inGaps.get(series.id) ?? 0;
        if (group === undefined) groups.set(key, { labels, steps: row.slice(), inGaps: grown });
        else {
          addTo(group.steps, row, isCounter(series.metric) ? add : combineGauges(series.metric));
          group.inGaps += grown;
        }
      }
      return groups;
    },
  };
}

const add: Combine = (one, other) => one + other;

function addTo(sums: Float64Array, row: Float64Array, combine: Combine): void {
  row.forEach((value, step) => {
    const sum = sums[step] ?? Number.NaN;
    if (!Number.isNaN(value)) sums[step] = Number.isNaN(sum) ? value : combine(sum, value);
  });
}

function selected(all: readonly Series[], { where = {}, billed }: Selector): readonly Series[] {
  const matching = all.filter(({ labels }) =>
    Object.entries(where).every(([name, rule]) => {
      const value = labels[name] ?? '';
      return 'only' in rule ? rule.only.includes(value) : !rule.not.includes(value);
    }),
  );
  const real = billed ? matching.filter(({ labels }) => labels.provider !== 'offline') : [];
  return real.length > 0 ? real : matching;
}
