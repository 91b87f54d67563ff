/** Adds what was reported to a series. */
import type { Histogram } from '@opentelemetry/sdk-metrics';
import type { Exemplar } from '../telemetry/exemplars.ts';
import { type Buckets, bucketOf, bucketsOf, moved } from './buckets.ts';
import type { FamilyType } from './family.ts';
import type { CounterSeries, GaugeSeries, HistogramSeries, Point, Series, Source } from './series.ts';

/**
 * What a reported number is: something to add, the sum of all that was added before it, or a value of its own, which
 * replaces the one before.
 */
export type Meaning = 'delta' | 'sum' | 'value';

/** The value of a point as its type has it; `undefined` when it is another one. A gauge can be any number. */
export function amountOf(type: FamilyType, isSum: boolean, { value }: Point): number | Buckets | undefined {
  if (type === 'histogram') return bucketsOf(value as Histogram);
  if (typeof value !== 'number') return undefined;
  // One of these would make the sum of all of them useless, and a counter never goes down.
  if (isSum && !Number.isFinite(value)) return undefined;
  return type === 'counter' && value < 0 ? undefined : value;
}

/** @returns whether something was measured */
export function addTo(series: Series, source: Source, value: number | Buckets, meaning: Meaning): boolean {
  if ('values' in series) return addToGauge(series, source, value as number, meaning);
  return 'bounds' in series
    ? addToHistogram(series, source, value as Buckets, meaning)
    : addToCounter(series, source, value as number, meaning);
}

function addToGauge(series: GaugeSeries, source: Source, value: number, meaning: Meaning): true {
  const before = series.values.get(source) ?? series.hidden?.get(source) ?? 0;
  series.values.set(source, meaning === 'delta' ? before + value : value);
  series.hidden?.delete(source);
  return true;
}

function addToCounter(series: CounterSeries, source: Source, value: number, meaning: Meaning): boolean {
  if (meaning === 'delta') {
    series.value += value;
    return value > 0;
  }
  series.sums ??= new Map();
  const before = series.sums.get(source) ?? 0;
  series.value = grown(series.value, before, value);
  series.sums.set(source, value);
  return value !== before;
}

function addToHistogram(series: HistogramSeries, source: Source, added: Buckets, meaning: Meaning): boolean {
  const counts = moved(added.counts, added.bounds, series.bounds);
  let before: Buckets | undefined;
  if (meaning !== 'delta') {
    series.sums ??= new Map();
    before = series.sums.get(source);
    // It has begun again.
    if (before !== undefined && before.count > added.count) before = undefined;
    series.sums.set(source, { ...added, bounds: series.bounds, counts: [...counts] });
  }
  let growth = 0;
  for (let i = 0; i < series.counts.length; i += 1) {
    const more = Math.max(0, (counts[i] ?? 0) - (before?.counts[i] ?? 0));
    if (more > 0) series.counts[i] = (series.counts[i] ?? 0) + more;
    growth += more;
  }
  series.count += growth;
  if (added.sum === undefined) {
    // In a series that several instruments share, one that has measured nothing takes nothing away.
    if (growth > 0 || series.count === 0) series.sum = undefined;
  } else if (series.sum !== undefined && isUsableSum(added))
    series.sum = grown(series.sum, before?.sum ?? 0, added.sum);
  return growth > 0;
}

/** One measurement that is not a number makes the sum of a report none: it must not be that of all reports. */
export function isUsableSum<T extends Buckets>(added: T): added is T & { readonly sum: number } {
  return Number.isFinite(added.sum) && (added.sum as number) >= 0;
}

/** A sum of which one part has grown from `before` to `after`. A part that is less than before has begun again. */
function grown(sum: number, before: number, after: number): number {
  if (after < before) return sum + after;
  // Without a subtraction, so that a sum with one part is that part exactly.
  return sum === before ? after : sum + (after - before);
}

/** Hides a gauge that a later report of the source does not have. What was added to a sum is kept. */
export function hideGauge(series: GaugeSeries, source: Source): void {
  const value = series.values.get(source);
  if (value === undefined) return;
  series.values.delete(source);
  if (series.stream.metric.isMonotonic !== false) return;
  series.hidden ??= new Map();
  series.hidden.set(source, value);
}

/** The newest stay. Prometheus refuses one that is older than the last that it got. */
export function addExemplars(series: Series, exemplars: readonly Exemplar[]): void {
  for (const exemplar of exemplars) {
    if ('bounds' in series) {
      series.exemplars ??= new Map();
      const bucket = bucketOf(series.bounds, exemplar.value);
      series.exemplars.set(bucket, newest(series.exemplars.get(bucket), exemplar));
    } else if ('value' in series) series.exemplar = newest(series.exemplar, exemplar);
  }
}

function newest(before: Exemplar | undefined, exemplar: Exemplar): Exemplar {
  return before !== undefined && before.timestamp > exemplar.timestamp ? before : exemplar;
}
