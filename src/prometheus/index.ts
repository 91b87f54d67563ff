/**
 * `tta-primitives/prometheus`: OpenTelemetry's `PrometheusExporter` with limits, valid output for any name and value,
 * OpenMetrics with exemplars, and scrapes that do not block the program. For any MeterProvider, with `ttaViews` or without.
 */
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { exporterOn } from './exporter.ts';
import type { PrometheusExporter as Exporter, PrometheusExporterClass } from './exporter-types.ts';

export type { PrometheusExporterOptions } from './exporter-options.ts';
export type { Format } from './format.ts';
export type { WebRequest } from './metrics-request.ts';

export const PrometheusExporter: PrometheusExporterClass = exporterOn(StockExporter);
export type PrometheusExporter = Exporter;
