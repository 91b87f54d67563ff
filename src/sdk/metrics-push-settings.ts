/** The settings for metrics that are sent to a collector: from the options, else from the environment, else the defaults. */
import { isMainThread } from 'node:worker_threads';
import { listFrom, numberFrom } from './environment.ts';
import { hasTracerProvider } from './globals.ts';
import type { RegisterOptions } from './options.ts';
import { type CollectorSettings, collectorFrom, LONGEST_EXPORT_SHARE, timeoutFrom } from './otlp-settings.ts';

export interface MetricsPushSettings extends CollectorSettings {
  /** How requests with metrics are compressed. @default OTEL_EXPORTER_OTLP_METRICS_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION, or none */
  readonly compression: 'gzip' | 'none';
  /**
   * PEM files for HTTPS, as for spans. Each variable also exists without `METRICS_`.
   * @default OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE, OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY, or none
   */
  readonly tls: CollectorSettings['tls'];
  readonly intervalMs: number;
  /**
   * How long one delivery of metrics may take, in milliseconds: the shorter of the variables, at most nine tenths of
   * `flushTimeoutMs`.
   * @default OTEL_EXPORTER_OTLP_METRICS_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_METRIC_EXPORT_TIMEOUT, or 4500: nine tenths of `flushTimeoutMs`
   */
  readonly exportTimeoutMs: number;
}

/** `undefined` where metrics are not sent. A worker thread never sends: its process has one identity. */
export function metricsPushFrom(options: RegisterOptions, flushTimeoutMs: number): MetricsPushSettings | undefined {
  const given = options.metricsPush;
  if (given === false || !isMainThread) return undefined;
  if (given === undefined && !metricsExporters().includes('otlp')) return undefined;
  const longest = Math.round(flushTimeoutMs * LONGEST_EXPORT_SHARE);
  const milliseconds = { min: 1, max: 86_400_000 };
  return {
    ...collectorFrom('metrics', given),
    intervalMs: given?.intervalMs ?? numberFrom('OTEL_METRIC_EXPORT_INTERVAL', { ...milliseconds, otherwise: 60_000 }),
    exportTimeoutMs: Math.min(
      longest,
      timeoutFrom('metrics', longest),
      numberFrom('OTEL_METRIC_EXPORT_TIMEOUT', { ...milliseconds, otherwise: longest }),
    ),
  };
}

/** Empty where another SDK has the traces, as with zero-code instrumentation: the variable is then meant for that SDK. */
export function metricsExporters(): readonly string[] {
  if (hasTracerProvider()) return [];
  const names = listFrom('OTEL_METRICS_EXPORTER');
  return names.includes('none') ? ['none'] : names;
}
