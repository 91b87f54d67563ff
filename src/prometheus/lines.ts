/** The lines of one metric. */

import type { Exemplar } from '../telemetry/exemplars.ts';
import { combined } from './combine.ts';
import type { Family } from './family.ts';
import type { Format } from './format.ts';
import { joinLabels, labelText } from './names.ts';
import type { HistogramSeries, Series } from './series.ts';

export interface LineOptions {
  readonly format: Format;
  /** `job="shop"`: labels that every series has. */
  readonly constant: string;
  /** When the values were collected, in milliseconds since the epoch; `undefined` writes no timestamps. */
  readonly timestamp?: number | undefined;
  /** OpenMetrics allows them on counters and buckets only. @default true */
  readonly exemplars?: boolean | undefined;
}

export function* linesOf(
  { name, combine }: Family,
  shown: Iterable<Series>,
  { constant, format, timestamp, exemplars = true }: LineOptions,
): Generator<string> {
  const openMetrics = format === 'openmetrics';
  const exemplarOf = openMetrics && exemplars ? exemplarText : () => '';
  const at = timestamp === undefined ? '' : ` ${openMetrics ? timestamp / 1_000 : timestamp}`;
  let bounds: readonly number[] | undefined;
  let ends: string[] = [];
  let scopeLabels = '';
  let common = constant;
  for (const series of shown) {
    if (scopeLabels !== series.stream.scopeLabels) {
      scopeLabels = series.stream.scopeLabels;
      common = joinLabels(scopeLabels, constant);
    }
    const labels = joinLabels(series.labels, common);
    if ('values' in series) yield `${name}${inBraces(labels)} ${numberText(combined(series.values, combine))}${at}\n`;
    else if ('value' in series) {
      yield `${name}${inBraces(labels)} ${numberText(series.value)}${at}${exemplarOf(series.exemplar)}\n`;
    } else {
      if (bounds !== series.bounds) {
        bounds = series.bounds;
        ends = [...bounds, Number.POSITIVE_INFINITY].map((bound) => `le="${numberText(bound)}"} `);
      }
      yield histogramLines(name, series, labels, ends, at, exemplarOf);
    }
  }
}

/** A scrape of 10,000 histograms has 170,000 lines: what the lines of one have in common is put together once. */
function histogramLines(
  name: string,
  { counts, sum, count, exemplars }: HistogramSeries,
  labels: string,
  ends: readonly string[],
  at: string,
  exemplarOf: (exemplar: Exemplar | undefined) => string,
): string {
  const begin = `${name}_bucket{${labels}${labels === '' ? '' : ','}`;
  let lines = '';
  let below = 0;
  for (let i = 0; i < ends.length; i += 1) {
    below += counts[i] as number;
    const exemplar = exemplars === undefined ? '' : exemplarOf(exemplars.get(i));
    lines += `${begin}${ends[i]}${below}${at}${exemplar}\n`;
  }
  const braces = inBraces(labels);
  if (sum !== undefined) lines += `${name}_sum${braces} ${numberText(sum)}${at}\n`;
  return `${lines}${name}_count${braces} ${count}${at}\n`;
}

export function inBraces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

/** The longest labels of an exemplar that OpenMetrics allows, in characters, without what is around names and values. */
const EXEMPLAR_LENGTH = 128;

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  const { traceId, spanId, value, timestamp } = exemplar;
  if ('trace_idspan_id'.length + traceId.length + spanId.length > EXEMPLAR_LENGTH) return '';
  return ` # {${labelText({ trace_id: traceId, span_id: spanId })}} ${numberText(value)} ${timestamp}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

export function escapeHelp(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
