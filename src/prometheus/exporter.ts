/**
 * The exporter: OpenTelemetry's own, with another way to keep and to write what the SDK reports. It asks the SDK for
 * what was added since the last collection and keeps the sums itself, in a table that has limits.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
import type { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import type { AggregationTemporality, CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { HttpServer } from '../platform/http-server.ts';
import { cumulative } from './cumulative.ts';
import { answerScrape, startEndpoint } from './endpoint.ts';
import { Families } from './families.ts';
import { labelText } from './names.ts';
import {
  addressOf,
  COLLECT_TIMEOUT_MS,
  MAX_SAMPLES,
  MAX_SERIES_PER_METRIC,
  type PrometheusExporterOptions,
} from './options.ts';
import { type Format, render } from './render.ts';
import { Scrapes } from './scrapes.ts';
import { SELF } from './series.ts';

type CollectOptions = Parameters<StockExporter['collect']>[0];

const DELTA = 0 as AggregationTemporality;

/** Also `startServer`, `stopServer`, `collect` and `getMetricsRequestHandler`, as in OpenTelemetry's own exporter. */
export interface PrometheusExporter extends StockExporter {
  /** The current metrics in the text format 0.0.4 or in OpenMetrics. Rejects when the whole collection fails. */
  text(format?: Format): Promise<string>;
  /** As `text`, in UTF-8. */
  read(format?: Format): Promise<Uint8Array>;
  /** The address of the endpoint, with its path; `undefined` while it does not listen. */
  readonly url: string | undefined;
}

/** What the rest of this package adds to an exporter. */
export interface Inside {
  /** Called before each collection; a scrape waits for it. */
  readonly beforeCollection?: (() => Promise<unknown>) | undefined;
}

export interface PrometheusExporterClass {
  /** @param inside for this package only */
  new (
    options?: PrometheusExporterOptions,
    callback?: (error: Error | void) => void,
    inside?: Inside,
  ): PrometheusExporter;
}

/** Makes the class on top of OpenTelemetry's. The caller loads that package, because it is optional. */
export function exporterOn(stock: typeof StockExporter): PrometheusExporterClass {
  class Exporter extends stock {
    readonly #options: PrometheusExporterOptions;
    readonly #inside: Inside;
    readonly #families: Families;
    readonly #scrapes: Scrapes<Format>;
    #resource: Attributes = {};
    #endpoint: HttpServer | undefined;

    constructor(
      options: PrometheusExporterOptions = {},
      callback: (error: Error | void) => void = () => {},
      inside: Inside = {},
    ) {
      const { metricProducers, preventServerStart } = options;
      super({ preventServerStart: true, ...(metricProducers === undefined ? {} : { metricProducers }) });
      this.#options = options;
      this.#inside = inside;
      const { prefix, maxSeriesPerMetric = MAX_SERIES_PER_METRIC, maxSamples = MAX_SAMPLES } = options;
      this.#families = new Families({
        prefix: prefix === undefined || prefix === '' ? '' : `${prefix}_`,
        maxSeriesPerMetric,
        // `target_info` is a line too.
        maxSamples: options.withoutTargetInfo === true ? maxSamples : maxSamples - 1,
      });
      this.#scrapes = new Scrapes(
        async () => void (await this.#collectNew()),
        (format) => this.#render(format),
      );
      if (preventServerStart !== true) this.startServer().then(() => callback(), callback);
    }

    override selectAggregationTemporality(): AggregationTemporality {
      return DELTA;
    }

    override selectCardinalityLimit(): number {
      return 2 * (this.#options.maxSeriesPerMetric ?? MAX_SERIES_PER_METRIC);
    }

    override setMetricProducer(producer: MetricProducer): void {
      super.setMetricProducer(producer);
    }

    /** All that was measured since the start, as OpenTelemetry's own exporter gives it. */
    override collect(options?: CollectOptions): Promise<CollectionResult> {
      return this.#scrapes.exclusively(async () => {
        const { resourceMetrics, errors } = await this.#collectNew(options);
        return {
          resourceMetrics: { resource: resourceMetrics.resource, scopeMetrics: cumulative(this.#families) },
          errors,
        };
      });
    }

    read(format: Format = 'text'): Promise<Uint8Array> {
      return this.#scrapes.read(format);
    }

    async text(format: Format = 'text'): Promise<string> {
      return (await this.#scrapes.read(format)).toString();
    }

    get url(): string | undefined {
      return this.#endpoint?.url;
    }

    override async startServer(): Promise<void> {
      const { host, port } = addressOf(this.#options);
      this.#endpoint ??= await startEndpoint({
        host,
        port,
        path: this.#options.endpoint?.replace(/^([^/])/, '/$1'),
        read: (format) => this.read(format),
      });
    }

    override async stopServer(): Promise<void> {
      await this.#endpoint?.close();
      this.#endpoint = undefined;
    }

    override getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): void {
      void answerScrape(request, response, (format) => this.read(format));
    }

    async #collectNew(options?: CollectOptions): Promise<CollectionResult> {
      const { collectTimeoutMs = COLLECT_TIMEOUT_MS } = this.#options;
      await this.#inside.beforeCollection?.();
      const result = await super.collect({ timeoutMillis: collectTimeoutMs, ...options });
      this.#resource = result.resourceMetrics.resource.attributes;
      this.#families.add(SELF, result.resourceMetrics.scopeMetrics);
      return result;
    }

    #render(format: Format): Iterable<string> {
      const pattern = this.#options.withResourceConstantLabels;
      const constant = Object.entries(this.#resource).filter(([key]) => pattern?.test(key));
      return render(this.#families, {
        format,
        constant: constantText(Object.fromEntries(constant)),
        target: this.#options.withoutTargetInfo === true ? undefined : constantText(this.#resource),
      });
    }
  }
  return Exporter as unknown as PrometheusExporterClass;
}

/** The author of these labels has chosen their names: none is reserved. */
function constantText(attributes: Attributes): string {
  return labelText(attributes, new Set());
}
