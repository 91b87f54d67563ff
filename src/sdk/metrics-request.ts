/** Requests with metrics for the collector, split where they are too large. */
import type { Attributes } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { resourceJson, scopeJson } from './otlp-json.ts';
import { type IsNew, metricJson, type PointTimes } from './otlp-metrics-json.ts';

export interface MetricsState {
  readonly scopeMetrics: readonly ScopeMetrics[];
  readonly times: PointTimes;
  readonly isNew: IsNew;
}

/** One after the other: only one of them takes memory. `undefined` is a moment in which something else can run. */
export function* encodeMetrics(
  resource: Attributes,
  { scopeMetrics, times, isNew }: MetricsState,
  mostBytes: number,
): Generator<Uint8Array | undefined> {
  const source = resourceJson({ attributes: resource });
  let scopes = new Map<string, string[]>();
  let bytes = 0;
  const build = () => {
    const groups = [...scopes].map(([scope, metrics]) => `{${scope},"metrics":[${metrics.join()}]}`);
    [scopes, bytes] = [new Map(), 0];
    return Buffer.from(`{"resourceMetrics":[{${source},"scopeMetrics":[${groups.join()}]}]}`);
  };
  for (const { scope, metrics } of scopeMetrics) {
    const key = scopeJson(scope);
    for (const metric of metrics) {
      for (const json of metricJson(metric, times, isNew, mostBytes)) {
        if (json === undefined) {
          yield undefined;
          continue;
        }
        const size = Buffer.byteLength(json);
        if (bytes > 0 && bytes + size > mostBytes) yield build();
        bytes += size;
        const group = scopes.get(key);
        if (group === undefined) scopes.set(key, [json]);
        else group.push(json);
      }
    }
  }
  if (bytes > 0) yield build();
}
