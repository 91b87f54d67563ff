/** The meter provider with the schema's views, and its text as Prometheus reads it. */
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ttaViews } from '../../views/index.ts';
import { redact } from '../telemetry/redact.ts';
import type { Sdk } from './packages.ts';
import { metricsResourceOf, resourceOf } from './resource.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

const JOB_LABEL = /^job$/;

export interface Metrics {
  readonly provider: MeterProvider;
  /** The exposition text of this moment. Rejects when collecting fails as a whole. */
  text(): Promise<string>;
}

export function createMetrics(sdk: Sdk, settings: Settings): Metrics {
  const { PrometheusExporter, PrometheusSerializer } = sdk.prometheus;
  // The exporter only reads here: its own server cannot listen on port 0 or ::1, and a scraper can hold it open.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const constantLabels = settings.jobLabel ? JOB_LABEL : undefined;
  const serializer = new PrometheusSerializer('', false, constantLabels, false, true);
  const resource = metricsResourceOf(sdk, settings, resourceOf(sdk, settings));
  const provider = new sdk.metrics.MeterProvider({ resource, views: [...ttaViews], readers: [reader] });
  let told = false;
  return {
    provider,
    async text() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0 && !told) {
        told = true;
        warn(`Some metrics are missing at the endpoint because collecting them failed: ${redact(String(errors[0]))}`);
      }
      try {
        return serializer.serialize(resourceMetrics);
      } catch (cause) {
        throw new Error(redact(String(cause)), { cause });
      }
    },
  };
}
