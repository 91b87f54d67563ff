/** The meter provider with the schema's views, and its metrics as Prometheus text. */
import { randomUUID } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { chargesSettled } from '../llm/pending-charges.ts';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import { createSchemaProvider } from '../prometheus/provider.ts';
import { createGathering, type Gathering } from './gathering.ts';
import { MetricsPush } from './metrics-push.ts';
import type { Sdk } from './packages.ts';
import { metricsResourceOf, resourceOf } from './resource.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

export interface Metrics {
  readonly gathering: Gathering;
  readonly provider: MeterProvider;
  readonly exporter: InternalExporter;
  readonly push: MetricsPush | undefined;
}

export function createMetrics(sdk: Sdk, settings: Settings): Metrics {
  const { scrape, jobLabel, metricsPush } = settings;
  const common = resourceOf(sdk, settings);
  const resource = metricsResourceOf(sdk, settings, common);
  const gathering = createGathering();
  const inside = { beforeCollection: chargesSettled, warn, ...gathering.inside };
  const made = createSchemaProvider(sdk, { ...scrape, resource, jobLabel }, inside);
  const push =
    metricsPush === undefined
      ? undefined
      : new MetricsPush(made.exporter, ofInstance(common.attributes), metricsPush, gathering.isElsewhere);
  return { ...made, gathering, push };
}

/** Equal processes would write to the same series. */
function ofInstance(attributes: Attributes): Attributes {
  return { 'service.instance.id': randomUUID(), ...attributes };
}
