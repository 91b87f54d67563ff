/** What one scrape of an endpoint says, of the metrics that the page shows. */
import type { Exposition, Sample } from '../../../prometheus/parse.ts';
import { combineGauges } from './gauges.ts';
import { KEPT_METRICS } from './panels.ts';
import { isCounter, type SeriesBook } from './series.ts';

export interface Reading {
  /** The end of the scrape, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** The start of the process; `null` where it does not tell. */
  readonly startMs: number | null;
  /** The values of counters. Those of a bucket are without the smaller buckets. */
  readonly counters: ReadonlyMap<number, number>;
  readonly gauges: ReadonlyMap<number, number>;
  /** All series with our names, also those that the page does not show. */
  readonly series: number;
  /** Series without room. */
  readonly leftOut: number;
}

/** The clock of an endpoint may be this much ahead of ours. */
const SKEW_MS = 60_000;
const add = (one: number, other: number) => one + other;

export function readExposition({ samples }: Exposition, book: SeriesBook, atMs: number): Reading {
  const counters = new Map<number, number>();
  const gauges = new Map<number, number>();
  const starts: number[] = [];
  let series = 0;
  let leftOut = 0;
  for (const sample of withOwnBuckets(samples)) {
    const { name, labels, value } = sample;
    if (name === 'process_start_time_seconds') starts.push(value * 1_000);
    if (name.startsWith('tta_')) series += 1;
    if (!KEPT_METRICS.has(name) || !Number.isFinite(value) || (isCounter(name) && value < 0)) continue;
    const id = book.idOf(name, labels);
    if (id === undefined) {
      leftOut += 1;
      continue;
    }
    const values = isCounter(name) ? counters : gauges;
    const combine = isCounter(name) ? add : combineGauges(name);
    const other = values.get(id);
    values.set(id, other === undefined ? value : combine(other, value));
  }
  const startMs = Math.min(...starts);
  const isStart = startMs > 0 && startMs < atMs + SKEW_MS;
  return { atMs, startMs: isStart ? startMs : null, counters, gauges, series, leftOut };
}

/**
 * Takes the smaller buckets out of each bucket: an observation then changes one bucket instead of all above it, and
 * histograms with different bounds can be added.
 */
function withOwnBuckets(samples: readonly Sample[]): readonly Sample[] {
  const histograms = new Map<string, Sample[]>();
  const others: Sample[] = [];
  for (const sample of samples) {
    if (!KEPT_METRICS.has(sample.name) || sample.labels.le === undefined) {
      others.push(sample);
      continue;
    }
    if (Number.isNaN(boundOf(sample.labels))) continue;
    const key = JSON.stringify([sample.name, { ...sample.labels, le: '' }]);
    const buckets = histograms.get(key);
    if (buckets === undefined) histograms.set(key, [sample]);
    else buckets.push(sample);
  }
  for (const buckets of histograms.values()) {
    buckets.sort((one, other) => boundOf(one.labels) - boundOf(other.labels));
    let below = 0;
    for (const { name, labels, value } of buckets) {
      others.push({ name, labels: { ...labels, le: String(boundOf(labels)) }, value: Math.max(0, value - below) });
      below = Math.max(below, value);
    }
  }
  return others;
}

/** The upper bound of a bucket: `5`, `5.0` and `5e0` are one. */
export function boundOf({ le = '' }: Readonly<Record<string, string>>): number {
  return le === '+Inf' || le === 'Infinity' ? Number.POSITIVE_INFINITY : Number(le);
}
