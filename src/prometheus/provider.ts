/** A meter provider with the views of the schema, read by the exporter. Programs and tests use it. */
import type * as PrometheusPackage from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type * as MetricsPackage from '@opentelemetry/sdk-metrics';
import { ttaViews } from '../../views/index.ts';
import { exporterOn } from './exporter.ts';
import type { PrometheusExporterOptions } from './exporter-options.ts';
import type { Inside, InternalExporter } from './exporter-types.ts';

const JOB_LABEL = /^job$/;

export interface SchemaProvider {
  readonly provider: MetricsPackage.MeterProvider;
  readonly exporter: InternalExporter;
}

/**
 * @param packages the packages of the SDK; the caller loads them, because they are optional
 * @param jobLabel whether every series has the `job` of the resource as a label
 */
export function createSchemaProvider(
  packages: {
    readonly prometheus: Pick<typeof PrometheusPackage, 'PrometheusExporter'>;
    readonly metrics: Pick<typeof MetricsPackage, 'MeterProvider'>;
  },
  {
    resource,
    jobLabel,
    ...options
  }: PrometheusExporterOptions & { readonly resource: Resource; readonly jobLabel: boolean },
  inside?: Inside,
): SchemaProvider {
  const Exporter = exporterOn(packages.prometheus.PrometheusExporter);
  const exporter = new Exporter(
    {
      ...options,
      preventServerStart: true,
      withoutScopeInfo: true,
      ...(jobLabel ? { withResourceConstantLabels: JOB_LABEL } : {}),
    },
    undefined,
    inside,
  );
  const provider = new packages.metrics.MeterProvider({ resource, views: [...ttaViews], readers: [exporter] });
  return { provider, exporter };
}
