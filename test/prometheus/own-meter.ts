import { MeterProvider, type MeterProviderOptions } from '@opentelemetry/sdk-metrics';
import { PrometheusExporter, type PrometheusExporterOptions } from '../../src/prometheus/index.ts';
import { type Exposition, parseExposition } from '../../src/prometheus/parse.ts';

export interface OwnMeter {
  readonly exporter: PrometheusExporter;
  readonly provider: MeterProvider;
  /** The samples, without `target_info`. */
  scrape(): Promise<Exposition>;
  /** Every sample as `name{a="1"} 2`, its labels in order. */
  lines(): Promise<readonly string[]>;
}

/** A user's own provider with the exporter, without `ttaViews`. */
export function ownMeter(options: PrometheusExporterOptions = {}, provider: MeterProviderOptions = {}): OwnMeter {
  const exporter = new PrometheusExporter({
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
