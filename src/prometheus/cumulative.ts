/** The table as metrics of OpenTelemetry: everything that was measured since the start of the process. */
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import type { Families } from './families.ts';
import { gaugeValue } from './lines.ts';
import type { Exemplar, Series } from './series.ts';

const CUMULATIVE = 1;

export function cumulative(families: Families): ScopeMetrics[] {
  const now = systemClock.date();
  const endTime: [number, number] = [Math.floor(now / 1_000), (now % 1_000) * 1e6];
  const scopes = new Map<ScopeMetrics['scope'], MetricData[]>();
  for (const { scope, metric, startTime, series } of [...families].flatMap(({ streams }) => streams)) {
    const shown = [...series].filter((each) => !('values' in each) || each.values.size > 0);
    const dataPoints = shown.map((each) => ({
      attributes: each.attributes,
      startTime,
      endTime,
      value: pointValue(each),
      exemplars: exemplarsOf(each),
    }));
    const metrics = scopes.get(scope) ?? [];
    scopes.set(scope, metrics);
    metrics.push({ ...metric, aggregationTemporality: CUMULATIVE, dataPoints } as unknown as MetricData);
  }
  return [...scopes].map(([scope, metrics]) => ({ scope, metrics }));
}

/** Not a part of OpenTelemetry's type: its SDK has none. */
function exemplarsOf(series: Series): readonly Exemplar[] {
  if ('bounds' in series) return [...(series.exemplars?.values() ?? [])];
  return 'exemplar' in series && series.exemplar !== undefined ? [series.exemplar] : [];
}

function pointValue(series: Series): unknown {
  if ('values' in series) return gaugeValue(series);
  if (!('bounds' in series)) return series.value;
  const { bounds, counts, sum, count } = series;
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
}
