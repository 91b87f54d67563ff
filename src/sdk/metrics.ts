/** The meter provider with the schema's views, and its metrics as Prometheus text. */
import type { MeterProvider } from '@opentelemetry/sdk-metrics';
import { redact } from '../platform/redact.ts';
import { createExporter } from '../prometheus/exporter.ts';
import type { Sdk } from './packages.ts';
import { metricsResourceOf, resourceOf } from './resource.ts';
import type { Settings } from './settings.ts';
import { warn } from './warn.ts';

export interface Metrics {
  readonly provider: MeterProvider;
  /** The current metrics as Prometheus text. Rejects when the whole collection fails. */
  text(): Promise<string>;
}

export function createMetrics(sdk: Sdk, settings: Settings): Metrics {
  const resource = metricsResourceOf(sdk, settings, resourceOf(sdk, settings));
  const exporter = createExporter(sdk, { resource, jobLabel: settings.jobLabel });
  let warned = false;
  return {
    provider: exporter.provider,
    async text() {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0 && !warned) {
        warned = true;
        warn(`Some metrics are missing at the endpoint because collecting them failed: ${redact(String(errors[0]))}`);
      }
      try {
        return exporter.serialize(resourceMetrics);
      } catch (cause) {
        throw new Error(redact(String(cause)), { cause });
      }
    },
  };
}
