import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, type MeterProviderOptions } from '@opentelemetry/sdk-metrics';
import { exporterOn } from '../../src/prometheus/exporter.ts';
import type { PrometheusExporterOptions } from '../../src/prometheus/exporter-options.ts';
import type { InternalExporter } from '../../src/prometheus/exporter-types.ts';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';

export interface OwnMeter {
  readonly exporter: InternalExporter;
  readonly provider: MeterProvider;
  /** The samples, without `target_info`. */
  scrape(): Promise<Exposition>;
  /** Every sample as `name{a="1"} 2`, its labels in order. */
  lines(): Promise<readonly string[]>;
}

const Exporter = exporterOn(StockExporter);

/** A user's own provider with the exporter, without `ttaViews`. */
export function ownMeter(options: PrometheusExporterOptions = {}, provider: MeterProviderOptions = {}): OwnMeter {
  const exporter = new Exporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
    ...options,
  });
  const made = new MeterProvider({ ...provider, readers: [exporter, ...(provider.readers ?? [])] });
  const scrape = async () => parseExposition(await exporter.text());
  return {
    exporter,
    provider: made,
    scrape,
    lines: async () => (await scrape()).samples.map(lineOf),
  };
}

function lineOf({ name, labels, value }: Exposition['samples'][number]): string {
  const text = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${key}="${each}"`);
  return `${name}{${text.join(',')}} ${value}`;
}
