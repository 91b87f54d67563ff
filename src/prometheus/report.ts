/**
 * What a process or a thread hands over to the one that serves the metrics: all that its table has, which is emptied.
 * So a report says what has been added since the last one, and is not larger than the table can be.
 */
import { deserialize, serialize } from 'node:v8';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Families } from './families.ts';
import { TEMPORALITY } from './sdk-values.ts';
import { type Point, SELF, type Series, type Source, type Stream } from './series.ts';

/** What one source has measured. */
export interface Report {
  readonly source: Source;
  readonly scopes: readonly ScopeMetrics[];
  /** Whether the source is a thread that has ended. */
  readonly ended?: boolean | undefined;
}

/** What reports are added to. */
export type ReportSink = Pick<Families, 'add' | 'remove'>;

/** Takes all that is in the table. Sums are this process's own; gauges are those of the thread that they come from. */
export function takeReports(families: Families): Report[] {
  const sources = new Map<Source, Map<Stream, Point<unknown>[]>>();
  for (const family of families) {
    for (const series of family.series.values()) {
      for (const [source, point] of pointsOf(series)) {
        const streams = getOrMake(sources, source, () => new Map<Stream, Point<unknown>[]>());
        getOrMake(streams, series.stream, () => []).push(point);
      }
    }
  }
  families.clear();
  return [...sources].map(([source, streams]) => ({ source, scopes: scopesOf(streams) }));
}

function* pointsOf(series: Series): Iterable<[Source, Point<unknown>]> {
  const { attributes } = series.own ?? series;
  if ('values' in series) {
    for (const [source, value] of [...series.values, ...(series.hidden ?? [])]) yield [source, { attributes, value }];
  } else if ('bounds' in series) {
    const { bounds, counts, sum, count, exemplars } = series;
    const value = { buckets: { boundaries: bounds, counts }, sum, count };
    yield [SELF, { attributes, value, exemplars: exemplars && [...exemplars.values()] }];
  } else {
    const { value, exemplar } = series;
    yield [SELF, { attributes, value, exemplars: exemplar && [exemplar] }];
  }
}

function scopesOf(streams: ReadonlyMap<Stream, readonly Point<unknown>[]>): ScopeMetrics[] {
  return [...streams].map(([{ scope, metric }, dataPoints]) => {
    // Not `advice`, which can have anything.
    const { name, description, unit, valueType, ...rest } = metric.descriptor;
    const { type } = rest as { readonly type?: unknown };
    const descriptor = { name, description, unit, valueType, type };
    return {
      scope,
      metrics: [
        { ...metric, descriptor, aggregationTemporality: TEMPORALITY.delta, dataPoints } as unknown as MetricData,
      ],
    };
  });
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Bytes, because JSON has no infinities, no NaN and no `undefined`. */
export function pack(reports: readonly Report[]): Buffer {
  return serialize(reports);
}

/** Gives nothing where the bytes are not a report. */
export function unpack(bytes: Uint8Array): Report[] {
  try {
    const reports: unknown = deserialize(bytes);
    return Array.isArray(reports) ? reports : [];
  } catch {
    return [];
  }
}
