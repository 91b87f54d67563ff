/**
 * Metrics as OTLP in JSON, in parts of a limited size. As with spans, one point that OTLP cannot hold is dropped alone:
 * a collector refuses a whole request for it.
 */
import type { Attributes } from '@opentelemetry/api';
import type { Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import { RESERVED } from '../prometheus/names.ts';
import type { Exemplar } from '../prometheus/series.ts';
import { keyValues, quoted } from './otlp-values.ts';

/** Of all attributes of one point. */
const MOST_CHARACTERS = 64 * 1024;
const CUMULATIVE = 2;
/** Values of enumerations of the SDK, which this file does not load. */
const DATA_POINT = { histogram: 0, gauge: 2, sum: 3 } as const;
const VALUE_INT = 0;

export interface DataPoint {
  readonly attributes: Attributes;
  readonly value: number | Histogram;
  readonly exemplars?: readonly Exemplar[] | undefined;
}

/** In milliseconds since the epoch. */
export interface PointTimes {
  /** Since when the values have been added up. */
  readonly startMs: number;
  readonly atMs: number;
  /** A moment before `atMs` in which a series that is new was at 0. */
  readonly zeroMs: number;
}

/**
 * The metric, in parts of at most `mostBytes` bytes, or with one point each.
 *
 * @param isNew whether a point's series was never delivered. It then has a point at 0 before its own: Prometheus counts
 *   what is added between two points only.
 */
export function* metricJson(
  metric: MetricData,
  times: PointTimes,
  isNew: (attributes: Attributes) => boolean,
  mostBytes: number,
): Generator<string> {
  const { descriptor, dataPointType } = metric;
  const isSum = dataPointType === DATA_POINT.sum;
  const isHistogram = dataPointType === DATA_POINT.histogram;
  const kind = isSum ? 'sum' : isHistogram ? 'histogram' : 'gauge';
  const counts = isHistogram || (isSum && metric.isMonotonic);
  const before =
    `{"name":${quoted(descriptor.name)},"description":${quoted(descriptor.description)}` +
    `,"unit":${quoted(descriptor.unit)},"${kind}":{` +
    `${kind === 'gauge' ? '' : `"aggregationTemporality":${CUMULATIVE},`}` +
    `${isSum ? `"isMonotonic":${metric.isMonotonic},` : ''}"dataPoints":[`;
  const isInteger = descriptor.valueType === VALUE_INT;
  let points: string[] = [];
  let bytes = 0;
  for (const point of metric.dataPoints as readonly DataPoint[]) {
    const json = pointJson(point, times, isInteger, counts && isNew(point.attributes));
    if (json === undefined) continue;
    const size = Buffer.byteLength(json);
    if (points.length > 0 && bytes + size > mostBytes) {
      yield `${before}${points.join()}]}}`;
      [points, bytes] = [[], 0];
    }
    points.push(json);
    bytes += size;
  }
  if (points.length > 0) yield `${before}${points.join()}]}}`;
}

function pointJson(
  { attributes, value, exemplars = [] }: DataPoint,
  { startMs, atMs, zeroMs }: PointTimes,
  isInteger: boolean,
  afterZero: boolean,
): string | undefined {
  const written = valueJson(value, isInteger);
  if (written === undefined) return undefined;
  const labels = `{"attributes":[${keyValues(named(attributes), { characters: MOST_CHARACTERS, dropped: 0 }, 0)}]`;
  const start = `,"startTimeUnixNano":"${nanoseconds(startMs)}","timeUnixNano":`;
  const list = exemplars.map(exemplarJson).join();
  const own = `${labels}${start}"${nanoseconds(atMs)}",${written}${list === '' ? '' : `,"exemplars":[${list}]`}}`;
  if (!afterZero || (typeof value === 'number' ? value : value.count) === 0) return own;
  return `${labels}${start}"${nanoseconds(zeroMs)}",${valueJson(zeroOf(value), isInteger)}},${own}`;
}

function zeroOf(value: number | Histogram): number | Histogram {
  if (typeof value === 'number') return 0;
  const { boundaries, counts } = value.buckets;
  return { ...value, buckets: { boundaries, counts: counts.map(() => 0) }, sum: 0, count: 0 };
}

function valueJson(value: number | Histogram, isInteger: boolean): string | undefined {
  if (typeof value === 'number') {
    return isInteger && Number.isSafeInteger(value) ? `"asInt":"${value}"` : `"asDouble":${numberJson(value)}`;
  }
  const { buckets, sum, count } = value;
  const counts = buckets.counts.map((each) => `"${each}"`);
  if (![count, ...buckets.counts].every((each) => Number.isSafeInteger(each) && each >= 0)) return undefined;
  const sumJson = typeof sum === 'number' ? `,"sum":${numberJson(sum)}` : '';
  return `"count":"${count}"${sumJson},"bucketCounts":[${counts.join()}],"explicitBounds":[${buckets.boundaries.map(numberJson).join()}]`;
}

function exemplarJson({ value, traceId, spanId, timestamp }: Exemplar): string {
  return `{"timeUnixNano":"${nanoseconds(timestamp * 1_000)}","asDouble":${numberJson(value)},"traceId":"${traceId}","spanId":"${spanId}"}`;
}

/** JSON has no numbers for these: Protocol Buffers write them as texts. */
function numberJson(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`;
}

/**
 * Prometheus has meanings of its own for these labels, and none for one without a name: it would refuse the request that
 * its collector makes of this one. At the endpoint they have the same names.
 */
function named(attributes: Attributes): Attributes {
  const keys = Object.keys(attributes);
  if (!keys.some((key) => key === '' || RESERVED.has(key))) return attributes;
  return Object.fromEntries(keys.map((key) => [RESERVED.has(key) ? `exported_${key}` : key || '_', attributes[key]]));
}
