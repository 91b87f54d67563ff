/**
 * `tta-primitives/prometheus`: OpenTelemetry's `PrometheusExporter` with limits, valid output for any name and value,
 * OpenMetrics with exemplars, and scrapes that do not block the program. For any MeterProvider, with `ttaViews` or without.
 */
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { type PrometheusExporter as Exporter, exporterOn } from './exporter.ts';

export type { PrometheusExporterOptions } from './exporter-options.ts';
export type { Format } from './format.ts';

export const PrometheusExporter = exporterOn(StockExporter);
export type PrometheusExporter = Exporter;
