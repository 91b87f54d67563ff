/** The meter provider with the schema's views, and its metrics as Prometheus text. */
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { chargesSettled } from '../llm/pending-charges.ts';
import type { PrometheusExporter } from '../prometheus/exporter.ts';
import { createSchemaProvider } from '../prometheus/provider.ts';
import type { Sdk } from './packages.ts';
import { metricsResourceOf, resourceOf } from './resource.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

export interface Metrics {
  readonly provider: MeterProvider;
  readonly exporter: PrometheusExporter;
}

export function createMetrics(sdk: Sdk, settings: Settings): Metrics {
  const resource = metricsResourceOf(sdk, settings, resourceOf(sdk, settings));
  const inside = { beforeCollection: chargesSettled, warn };
  return createSchemaProvider(sdk, { ...settings.scrape, resource, jobLabel: settings.jobLabel }, inside);
}
