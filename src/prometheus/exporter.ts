/** A meter provider with the views of the schema, and its metrics as Prometheus text. Programs and tests use it. */
import type * as PrometheusPackage from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type * as MetricsPackage from '@opentelemetry/sdk-metrics';
import { ttaViews } from '../../views/index.ts';

const JOB_LABEL = /^job$/;

export interface ExporterOptions {
  readonly resource: Resource;
  /** Whether every series has the `job` of the resource as a label. */
  readonly jobLabel: boolean;
}

export interface Exporter {
  readonly provider: MetricsPackage.MeterProvider;
  /** Returns the current metrics and the errors of metrics that failed. Rejects when the whole collection fails. */
  collect(): Promise<MetricsPackage.CollectionResult>;
  /** Converts metrics to the text format 0.0.4 of Prometheus. */
  serialize(metrics: MetricsPackage.ResourceMetrics): string;
}

/** @param packages the packages of the SDK; the caller loads them, because they are optional */
export function createExporter(
  packages: {
    readonly prometheus: Pick<typeof PrometheusPackage, 'PrometheusExporter' | 'PrometheusSerializer'>;
    readonly metrics: Pick<typeof MetricsPackage, 'MeterProvider'>;
  },
  { resource, jobLabel }: ExporterOptions,
): Exporter {
  const { PrometheusExporter, PrometheusSerializer } = packages.prometheus;
  // The exporter's server is not used: it cannot listen on port 0 or ::1, and an open connection keeps it running.
  const reader = new PrometheusExporter({ preventServerStart: true });
  // No prefix, no timestamps, `target_info`, no labels of the instrumentation scope.
  const serializer = new PrometheusSerializer('', false, jobLabel ? JOB_LABEL : undefined, false, true);
  return {
    provider: new packages.metrics.MeterProvider({ resource, views: [...ttaViews], readers: [reader] }),
    collect: () => reader.collect(),
    serialize: (metrics) => serializer.serialize(metrics),
  };
}
