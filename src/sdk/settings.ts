/** The settings: from the options, else from the environment, else the defaults. */
import { isMainThread } from 'node:worker_threads';
import type { Attributes } from '@opentelemetry/api';
import { DEFAULT_PORT, type Place, placeOf, type ScrapeOptions } from '../prometheus/options.ts';
import { booleanFrom, numberFrom, pairsFrom, textFrom } from './environment.ts';
import { hasMeterProvider, hasTracerProvider } from './globals.ts';
import { type MetricsPushSettings, metricsExporters, metricsPushFrom } from './metrics-push-settings.ts';
import { type ModelCallsSettings, modelCallsFrom } from './model-calls-settings.ts';
import type { RegisterOptions } from './options.ts';
import { type TracesSettings, tracesFrom } from './traces-settings.ts';
import { warnOfUnsupported } from './unsupported.ts';

export interface Settings {
  readonly serviceName: string;
  readonly resourceAttributes: Attributes;
  readonly jobLabel: boolean;
  readonly flushTimeoutMs: number;
  readonly traces: TracesSettings | undefined;
  /** Where the endpoint is to listen and for whom; `undefined` where there is to be none. */
  readonly prometheus: Place | undefined;
  /** Whether the metrics are served or sent, by an endpoint, a server of the program or a push: for all processes of a cluster. */
  readonly servesCluster: boolean;
  /** What holds for the metrics with and without an endpoint. */
  readonly scrape: ScrapeOptions;
  readonly metricsPush: MetricsPushSettings | undefined;
  readonly modelCalls: ModelCallsSettings;
  readonly maxTenants: number;
}

export function isDisabled(): boolean {
  return booleanFrom('OTEL_SDK_DISABLED');
}

export function settingsFrom(options: RegisterOptions): Settings {
  const { jobLabel = true, flushTimeoutMs = 5_000, maxTenants = 100 } = options;
  const attributes = { ...pairsFrom('OTEL_RESOURCE_ATTRIBUTES'), ...withService(textFrom('OTEL_SERVICE_NAME')) };
  const resourceAttributes = { ...attributes, ...options.resourceAttributes, ...withService(options.serviceName) };
  const traces = tracesFrom(options, flushTimeoutMs);
  const prometheus = endpointFrom(options);
  const metricsPush = metricsPushFrom(options, flushTimeoutMs);
  // What another SDK does with these variables is its own affair.
  warnOfUnsupported({
    traces: traces !== undefined && !hasTracerProvider(),
    metrics: prometheus !== undefined && !hasMeterProvider(),
    metricsPush: metricsPush !== undefined && !hasMeterProvider(),
  });
  return {
    serviceName: String(resourceAttributes['service.name'] ?? 'tta-primitives'),
    resourceAttributes,
    jobLabel,
    flushTimeoutMs,
    traces,
    prometheus,
    servesCluster: hasEndpoint(options) || metricsPush !== undefined,
    scrape: scrapeFrom(options),
    metricsPush,
    modelCalls: modelCallsFrom(options),
    maxTenants,
  };
}

/** The port of the environment is the main thread's: a worker thread has an endpoint only if its options say so. */
function hasEndpoint({ prometheus }: RegisterOptions): boolean {
  if (prometheus !== undefined) return prometheus !== false;
  const exporters = metricsExporters();
  const isElsewhere = exporters.includes('none') || (exporters.includes('otlp') && !exporters.includes('prometheus'));
  return isMainThread && !isElsewhere;
}

function withService(name: string | undefined): Attributes {
  return name === undefined ? {} : { 'service.name': name };
}

/** Where the endpoint is to listen; `undefined` where there is to be none. */
export function endpointFrom(options: RegisterOptions): Settings['prometheus'] {
  if (!hasEndpoint(options)) return undefined;
  const given = options.prometheus || {};
  if (given.preventServerStart === true) return undefined;
  const port =
    given.port ?? numberFrom('OTEL_EXPORTER_PROMETHEUS_PORT', { min: 0, max: 65_535, otherwise: DEFAULT_PORT });
  return placeOf({ ...given, port });
}

/** The options of `prometheus` that are not about an endpoint. */
export function scrapeFrom({ prometheus }: RegisterOptions): ScrapeOptions {
  const { host, port, preventServerStart, ...scrape } = prometheus || {};
  return scrape;
}
