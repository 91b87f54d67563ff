/**
 * Metrics as OTLP in JSON, in parts of a limited size. As with spans, one point that OTLP cannot hold is dropped alone:
 * a collector refuses a whole request for it.
 */
import { type Attributes, ValueType } from '@opentelemetry/api';
import type { Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import { RESERVED } from '../prometheus/names.ts';
import { DATA_POINT } from '../prometheus/sdk-values.ts';
import type { Exemplar } from '../telemetry/exemplars.ts';
import { keyValues, quoted } from './otlp-values.ts';

/** Of all attributes of one point. */
const MOST_CHARACTERS = 64 * 1024;
const HAS_LETTER = /[a-z0-9]/i;
/** In OTLP. */
const CUMULATIVE = 2;
/** About a millisecond. */
const POINTS_AT_ONCE = 100;
/**
 * Points at 0 of a counter that is new. Prometheus guesses that a counter went on growing for half of the mean time between
 * its points: `increase()` of a short job is half too much with 1, and a twentieth with 10. Ratios have no such error.
 */
const ZERO_POINTS = 10;

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

/** Whether the series of this metric with these attributes was never delivered. */
export type IsNew = (metric: string, attributes: Attributes) => boolean;

/**
 * The metric, in parts of at most `mostBytes` bytes, or with one point each. `undefined` is a moment between two points,
 * in which something else can run.
 *
 * @param isNew then the series has points at 0 before its own: Prometheus counts what is added between two points only
 */
export function* metricJson(
  metric: MetricData,
  times: PointTimes,
  isNew: IsNew,
  mostBytes: number,
): Generator<string | undefined> {
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
  const isInteger = descriptor.valueType === ValueType.INT;
  let points: string[] = [];
  let bytes = 0;
  for (const [i, point] of (metric.dataPoints as readonly DataPoint[]).entries()) {
    if (i % POINTS_AT_ONCE === POINTS_AT_ONCE - 1) yield undefined;
    const json = pointJson(point, times, isInteger, counts && isNew(descriptor.name, point.attributes));
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
  // No point is before the start, also none at 0.
  const start = `,"startTimeUnixNano":"${nanoseconds(startMs - ZERO_POINTS)}","timeUnixNano":`;
  const list = exemplars.map(exemplarJson).join();
  const own = `${labels}${start}"${nanoseconds(atMs)}",${written}${list === '' ? '' : `,"exemplars":[${list}]`}}`;
  if (!afterZero || (typeof value === 'number' ? value : value.count) === 0) return own;
  const zero = valueJson(zeroOf(value), isInteger);
  let zeros = '';
  for (let back = typeof value === 'number' ? ZERO_POINTS - 1 : 0; back >= 0; back -= 1) {
    zeros += `${labels}${start}"${nanoseconds(zeroMs - back)}",${zero}},`;
  }
  return zeros + own;
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
  if (![count, ...buckets.counts].every((each) => Number.isSafeInteger(each) && each >= 0)) return undefined;
  const sumJson = typeof sum === 'number' ? `,"sum":${numberJson(sum)}` : '';
  return `"count":"${count}"${sumJson},"bucketCounts":["${buckets.counts.join('","')}"],"explicitBounds":[${buckets.boundaries.map(numberJson).join()}]`;
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
 * Attributes whose names Prometheus would not take as labels have other names, those of the endpoint or of the Collector:
 * it would refuse a whole request for one of them.
 */
function named(attributes: Attributes): Attributes {
  const keys = Object.keys(attributes);
  if (keys.every((key) => labelKey(key) === key)) return attributes;
  const labels = new Map<string, Attributes[string]>();
  for (const key of keys) {
    const name = labelKey(key);
    labels.set(name, labels.has(name) ? `${labels.get(name)};${attributes[key]}` : attributes[key]);
  }
  return Object.fromEntries(labels);
}

function labelKey(key: string): string {
  if (RESERVED.has(key)) return `exported_${key}`;
  return HAS_LETTER.test(key) ? key : 'key_';
}
