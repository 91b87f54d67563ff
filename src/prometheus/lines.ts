/** The lines of one metric. */

import type { Exemplar } from '../telemetry/exemplars.ts';
import { combined } from './combine.ts';
import type { Family } from './family.ts';
import type { Format } from './format.ts';
import { joinLabels, labelText } from './names.ts';
import type { HistogramSeries, Series } from './series.ts';
import type { Utf8Writer } from './utf8-writer.ts';

const [NOTHING, OPEN, COMMA, CLOSE, SPACE, NEW_LINE] = ['', '{', ',', '} ', ' ', '\n'].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];

export interface LineOptions {
  readonly format: Format;
  /** `job="shop"`: labels that every series has. */
  readonly constant: string;
  /** When the values were collected, in milliseconds since the epoch; `undefined` writes no timestamps. */
  readonly timestamp?: number | undefined;
  /** OpenMetrics allows them on counters and buckets only. @default true */
  readonly exemplars?: boolean | undefined;
  /** Of histograms, only the lines with this end of the name. */
  readonly only?: '_bucket' | '_sum' | '_count' | undefined;
}

/** Writes the lines, and gives the parts that are full. */
export function* writeLines(
  out: Utf8Writer,
  { name, combine }: Family,
  shown: Iterable<Series>,
  { constant, format, timestamp, exemplars = true, only }: LineOptions,
): Generator<Buffer> {
  const openMetrics = format === 'openmetrics';
  const exemplarOf = openMetrics && exemplars ? exemplarText : () => '';
  const at = timestamp === undefined ? '' : ` ${openMetrics ? timestamp / 1_000 : timestamp}`;
  const [begin, beginBucket, beginSum, beginCount] = ['', '_bucket', '_sum', '_count'].map((end) =>
    Buffer.from(name + end),
  ) as [Buffer, Buffer, Buffer, Buffer];
  let bounds: readonly number[] | undefined;
  let ends: Buffer[] = [];
  let scopeLabels = '';
  let common = constant;
  let more = moreLabels(common);
  for (const series of shown) {
    if (scopeLabels !== series.stream.scopeLabels) {
      scopeLabels = series.stream.scopeLabels;
      common = joinLabels(scopeLabels, constant);
      more = moreLabels(common);
    }
    const labels: Labels = series.labels === '' ? [common, NOTHING] : [series.labels, more];
    if ('bounds' in series) {
      if (bounds !== series.bounds) {
        bounds = series.bounds;
        ends = [...bounds, Number.POSITIVE_INFINITY].map((bound) => Buffer.from(`le="${numberText(bound)}"} `));
      }
      if (only !== '_sum' && only !== '_count') writeBuckets(out, beginBucket, series, labels, ends, at, exemplarOf);
      if (series.sum !== undefined && only !== '_bucket' && only !== '_count') {
        writeLine(out, beginSum, labels, series.sum, at);
      }
      if (only !== '_bucket' && only !== '_sum') writeLine(out, beginCount, labels, series.count, at);
    } else if ('values' in series) writeLine(out, begin, labels, combined(series.values, combine), at);
    else writeLine(out, begin, labels, series.value, at + exemplarOf(series.exemplar));
    if (out.isFull) yield out.take();
  }
}

/** The labels of a series, and the bytes of those that it has in common with others. */
type Labels = readonly [string, Buffer];

function moreLabels(common: string): Buffer {
  return common === '' ? NOTHING : Buffer.from(`,${common}`);
}

function writeLine(out: Utf8Writer, name: Buffer, [labels, more]: Labels, value: number, rest: string): void {
  out.bytes(name);
  if (labels === '') out.bytes(SPACE);
  else {
    out.bytes(OPEN);
    out.text(labels);
    out.bytes(more);
    out.bytes(CLOSE);
  }
  writeEnd(out, value, rest);
}

/** A scrape of 10,000 histograms has 170,000 lines: what the lines of one have in common is copied from the first. */
function writeBuckets(
  out: Utf8Writer,
  name: Buffer,
  { counts, exemplars }: HistogramSeries,
  [labels, more]: Labels,
  ends: readonly Buffer[],
  at: string,
  exemplarOf: (exemplar: Exemplar | undefined) => string,
): void {
  const start = out.length;
  out.bytes(name);
  out.bytes(OPEN);
  if (labels !== '') {
    out.text(labels);
    out.bytes(more);
    out.bytes(COMMA);
  }
  const end = out.length;
  let below = 0;
  for (let i = 0; i < ends.length; i += 1) {
    if (i > 0) out.again(start, end);
    out.bytes(ends[i] as Buffer);
    below += counts[i] as number;
    writeEnd(out, below, exemplars === undefined ? at : at + exemplarOf(exemplars.get(i)));
  }
}

function writeEnd(out: Utf8Writer, value: number, rest: string): void {
  out.number(value, numberText);
  if (rest !== '') out.text(rest);
  out.bytes(NEW_LINE);
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
