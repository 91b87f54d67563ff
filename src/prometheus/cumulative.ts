/** The table as metrics of OpenTelemetry: everything that was measured since the start of the process. */
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Combine } from '../../views/row.ts';
import { systemClock } from '../platform/clock.ts';
import type { Exemplar } from '../telemetry/exemplars.ts';
import { combined } from './combine.ts';
import type { Families } from './families.ts';
import { hrTimeOf, TEMPORALITY } from './sdk-values.ts';
import type { Series, Stream } from './series.ts';

type Scope = ScopeMetrics['scope'];

export function cumulative(families: Families): ScopeMetrics[] {
  const endTime = hrTimeOf(systemClock.date());
  const scopes = new Map<string, { readonly scope: Scope; readonly metrics: Map<Stream, unknown[]> }>();
  for (const family of families) {
    for (const series of families.shown(family)) {
      const { stream } = series;
      const id = JSON.stringify(stream.scope);
      const found = scopes.get(id) ?? { scope: stream.scope, metrics: new Map<Stream, unknown[]>() };
      scopes.set(id, found);
      const points = found.metrics.get(stream) ?? [];
      found.metrics.set(stream, points);
      points.push({
        attributes: series.attributes,
        startTime: stream.startTime,
        endTime,
        value: pointValue(series, family.combine),
        exemplars: exemplarsOf(series),
      });
    }
  }
  return [...scopes.values()].map(({ scope, metrics }) => ({
    scope,
    metrics: [...metrics].map(
      ([{ metric }, dataPoints]) =>
        ({ ...metric, aggregationTemporality: TEMPORALITY.cumulative, dataPoints }) as unknown as MetricData,
    ),
  }));
}

/** Not a part of OpenTelemetry's type: its SDK has none. */
function exemplarsOf(series: Series): readonly Exemplar[] {
  if ('bounds' in series) return [...(series.exemplars?.values() ?? [])];
  return 'exemplar' in series && series.exemplar !== undefined ? [series.exemplar] : [];
}

function pointValue(series: Series, combine: Combine): unknown {
  if ('values' in series) return combined(series.values, combine);
  if (!('bounds' in series)) return series.value;
  const { bounds, counts, sum, count } = series;
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
}
