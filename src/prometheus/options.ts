/** The options of the exporter. */
import type { ExporterConfig } from '@opentelemetry/exporter-prometheus';

/** As in Prometheus: a set of labels is one series, of a histogram each of its lines is one sample. */
export const MAX_SERIES_PER_METRIC = 2_000;
export const MAX_SAMPLES = 50_000;
export const COLLECT_TIMEOUT_MS = 5_000;

/** The options of OpenTelemetry's own exporter, and more. */
export interface PrometheusExporterOptions extends ExporterConfig {
  /** How many sets of labels a metric has at most. What is more goes to one series whose label values are `__other__`. @default 2000 */
  readonly maxSeriesPerMetric?: number | undefined;
  /** How many lines a scrape has at most. A histogram of 14 bounds has 17 per set of labels. @default 50000 */
  readonly maxSamples?: number | undefined;
  /** The longest that a scrape waits for the callbacks of observable instruments, in milliseconds. @default 5000 */
  readonly collectTimeoutMs?: number | undefined;
}

/** Where the endpoint listens: on this machine only, unless the author or the environment says otherwise. */
export function addressOf({ host, port }: PrometheusExporterOptions): { readonly host: string; readonly port: number } {
  return {
    host: host ?? (process.env.OTEL_EXPORTER_PROMETHEUS_HOST || '127.0.0.1'),
    port: port ?? (Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT) || 9_464),
  };
}
