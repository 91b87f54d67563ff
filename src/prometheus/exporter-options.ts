/** The options of the exporter, and their checks. */
import type { ExporterConfig } from '@opentelemetry/exporter-prometheus';
import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import { flag, having, optional, text } from '../core/rules.ts';
import { host, port, SCRAPE_RULES, type ScrapeOptions } from './options.ts';

/** The options of OpenTelemetry's own exporter, and more. */
export interface PrometheusExporterOptions extends ExporterConfig, ScrapeOptions {
  /** The address that the endpoint listens on. @default OTEL_EXPORTER_PROMETHEUS_HOST, or 127.0.0.1: this machine only */
  host?: string;
  /** The port of the endpoint. 0 uses any free port, which is in `url`. @default OTEL_EXPORTER_PROMETHEUS_PORT, or 9464 */
  port?: number;
  // The types of the oldest exporter that is supported do not have these two.
  /** Leaves the labels `otel_scope_*` out. @default false */
  withoutScopeInfo?: boolean;
  /** Leaves `target_info` out. @default false */
  withoutTargetInfo?: boolean;
}

const producers: Rule<NonNullable<ExporterConfig['metricProducers']>> = (where, option, value) => {
  if (!Array.isArray(value)) fail(where, option, 'must be a list of metric producers', value);
  for (const [i, each] of value.entries()) having('collect')(where, `${option}[${i}]`, each);
};

const RULES: Rules<PrometheusExporterOptions> = {
  ...SCRAPE_RULES,
  host: optional(host),
  port: optional(port),
  endpoint: optional(text),
  prefix: optional(text),
  appendTimestamp: optional(flag),
  preventServerStart: optional(flag),
  metricProducers: optional(producers),
  withResourceConstantLabels: optional(having<RegExp>('test')),
  withoutScopeInfo: optional(flag),
  withoutTargetInfo: optional(flag),
};

/** @throws TypeError or RangeError for an option that is wrong */
export function checkExporterOptions(options: PrometheusExporterOptions): void {
  checkOptions('PrometheusExporterOptions', options, RULES);
}
