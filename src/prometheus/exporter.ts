/** The meter provider with the schema's views, and its values as Prometheus' text. A program and its tests share it. */
import type * as PrometheusPackage from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type * as MetricsPackage from '@opentelemetry/sdk-metrics';
import { ttaViews } from '../../views/index.ts';

const JOB_LABEL = /^job$/;

export interface ExporterOptions {
  readonly resource: Resource;
  /** Whether every series carries the resource's `job`. */
  readonly jobLabel: boolean;
}

export interface Exporter {
  readonly provider: MetricsPackage.MeterProvider;
  /** What there is now, and the errors of what could not be collected. Rejects when collecting fails as a whole. */
  collect(): Promise<MetricsPackage.CollectionResult>;
  /** Prometheus' text format 0.0.4. */
  serialize(metrics: MetricsPackage.ResourceMetrics): string;
}

/** @param packages the packages of the SDK. They are optional, so the caller loads them. */
export function createExporter(
  packages: { readonly prometheus: typeof PrometheusPackage; readonly metrics: typeof MetricsPackage },
  { resource, jobLabel }: ExporterOptions,
): Exporter {
  const { PrometheusExporter, PrometheusSerializer } = packages.prometheus;
  // The exporter only reads here: its own server cannot listen on port 0 or ::1, and a scraper can hold it open.
  const reader = new PrometheusExporter({ preventServerStart: true });
  // No prefix, no timestamps, `target_info`, no labels of the instrumentation scope.
  const serializer = new PrometheusSerializer('', false, jobLabel ? JOB_LABEL : undefined, false, true);
  return {
    provider: new packages.metrics.MeterProvider({ resource, views: [...ttaViews], readers: [reader] }),
    collect: () => reader.collect(),
    serialize: (metrics) => serializer.serialize(metrics),
  };
}
