/**
 * The exporter: OpenTelemetry's own, with another way to keep and to write what the SDK reports. It asks the SDK for
 * what was added since the last collection and keeps the sums itself, in a table that has limits.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
import type { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import type {
  AggregationTemporality,
  CollectionResult,
  MetricProducer,
  ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { foreignMessage } from '../platform/foreign-text.ts';
import { currentMeter } from '../telemetry/meter.ts';
import { droppedMeasurements, failedCallbacks, failedScrapes, recordScrape } from '../telemetry/scrapes.ts';
import { collectNow } from './collect-now.ts';
import { cumulative } from './cumulative.ts';
import { Endpoint } from './endpoint.ts';
import { checkExporterOptions, type PrometheusExporterOptions } from './exporter-options.ts';
import type { Inside, InternalExporterClass } from './exporter-types.ts';
import { Families } from './families.ts';
import { forgetUnobserved } from './forget.ts';
import type { Format, Parts } from './format.ts';
import { IdleCollection } from './idle-collection.ts';
import { answerNode, answerWeb, type Door, type WebRequest } from './metrics-request.ts';
import { labelNames, labelText, RESERVED_FOR_CONSTANTS } from './names.ts';
import { COLLECT_TIMEOUT_MS, MAX_SAMPLES, MAX_SERIES_PER_METRIC, placeOf, wantsExemplars } from './options.ts';
import { OwnPoints } from './own-points.ts';
import { otherProducer, sdkProducer } from './producers.ts';
import { render } from './render.ts';
import { type Report, type ReportSink, takeReports } from './report.ts';
import { Scrapes } from './scrapes.ts';
import { TEMPORALITY } from './sdk-values.ts';
import { SELF, type Source } from './series.ts';
import { inSlices } from './slices.ts';
import { A_FEW, type Tell, tellOnce } from './tell.ts';
import { Utf8Writer } from './utf8-writer.ts';
import { isTimeout, withDeadline } from './with-deadline.ts';

type CollectOptions = Parameters<StockExporter['collect']>[0];

const NONE: ReadonlySet<string> = new Set();

/** Makes the class on top of OpenTelemetry's. The caller loads that package, because it is optional. */
export function exporterOn(stock: typeof StockExporter): InternalExporterClass {
  class PrometheusExporter extends stock {
    readonly #options: PrometheusExporterOptions;
    readonly #inside: Inside;
    readonly #tell: Tell;
    readonly #families: Families;
    readonly #scrapes: Scrapes<Format>;
    readonly #out = new Utf8Writer();
    #door: Door;
    readonly #endpoint: Endpoint;
    readonly #idle = new IdleCollection(() => this.#scrapes.exclusively(() => this.#collectNew()));
    #own: OwnPoints | undefined;
    /** What a collection that is under way has taken out of the SDK, and what of it is on its way into the table. */
    readonly #taken: ScopeMetrics[] = [];
    #adding: Iterable<void> = [];
    #sdk: MetricProducer | undefined;
    /** The threads whose gauges another process has. */
    readonly #handedOver = new Set<Source>();
    readonly #ended: Source[] = [];
    #resource: Attributes = {};
    /** Whether the last collection was one. */
    #isReady = false;
    #collectedAt = 0;

    constructor(
      options: PrometheusExporterOptions = {},
      callback: (error: Error | void) => void = () => {},
      inside: Inside = {},
    ) {
      checkExporterOptions(options);
      const { metricProducers = [], preventServerStart } = options;
      const onError = (error: unknown) => this.#onError(error);
      super({
        preventServerStart: true,
        metricProducers: metricProducers.map((producer) => otherProducer(producer, onError)),
      });
      this.#options = options;
      this.#inside = inside;
      this.#tell = tellOnce(inside.warn);
      const { prefix, maxSeriesPerMetric = MAX_SERIES_PER_METRIC, maxSamples = MAX_SAMPLES } = options;
      this.#families = new Families({
        prefix: prefix === undefined || prefix === '' ? '' : `${prefix}_`,
        maxSeriesPerMetric,
        // `target_info` is a line too.
        maxSamples: options.withoutTargetInfo === true ? maxSamples : maxSamples - 1,
        withScope: options.withoutScopeInfo !== true,
        seriesTtlMs: options.seriesTtlMs ?? Number.POSITIVE_INFINITY,
        workerLabel: options.workerLabel,
        tell: this.#tell,
      });
      this.#scrapes = new Scrapes({
        collect: async (timeoutMillis) => void (await this.#collectNew({ timeoutMillis })),
        render: (format) => this.#render(format),
      });
      this.#door = {
        token: placeOf(options).token,
        read: (format, timeoutMs) => this.#scrape(format, timeoutMs),
      };
      this.#endpoint = new Endpoint({
        read: this.#door.read,
        path: options.endpoint?.replace(/^([^/])/, '/$1') || undefined,
        trouble: () => this.#trouble(),
      });
      this.getMetricsRequestHandler = this.getMetricsRequestHandler.bind(this);
      this.respond = this.respond.bind(this);
      const started = preventServerStart === true ? Promise.resolve() : this.startServer();
      started
        .then(
          () => callback(),
          (error) => {
            this.#tell('server', `Metrics are not served: ${foreignMessage(error)}`);
            callback(error);
          },
        )
        .catch((error) => this.#tell('callback', `The callback of the exporter failed: ${foreignMessage(error)}`));
    }

    readonly #sink: ReportSink = {
      add: (source, scopes) => this.#families.add(source, scopes),
      remove: (source) => {
        this.#families.remove(source);
        if (this.#handedOver.delete(source)) this.#ended.push(source);
      },
    };

    override selectAggregationTemporality(): AggregationTemporality {
      return TEMPORALITY.delta as AggregationTemporality;
    }

    override selectCardinalityLimit(instrument?: unknown): number {
      const limit = this.#options.maxSeriesPerMetric ?? MAX_SERIES_PER_METRIC;
      // The SDK remembers what was observed, see `forgetUnobserved`; of other instruments, only what is new since the last collection.
      return String(instrument).startsWith('OBSERVABLE') ? 2 * limit : 4 * limit;
    }

    override setMetricProducer(producer: MetricProducer): void {
      super.setMetricProducer(sdkProducer(producer, this.#taken, (error) => this.#onError(error)));
      this.#idle.start(producer);
      this.#own = new OwnPoints(producer, { exemplars: wantsExemplars(this.#options) });
      this.#sdk = producer;
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

    metricsNow(): ScopeMetrics[] {
      this.#addNow();
      return cumulative(this.#families);
    }

    handOver(timeoutMs: number): Promise<Report[]> {
      return this.#scrapes.exclusively(async () => {
        await this.#collectNew({ timeoutMillis: timeoutMs });
        return this.#take();
      });
    }

    handOverNow(): Report[] {
      this.#addNow();
      return this.#take();
    }

    change(work: (sink: ReportSink) => void): Promise<void> {
      return this.#scrapes.exclusively(async () => work(this.#sink));
    }

    async read(format: Format = 'text', timeoutMs?: number): Promise<Parts> {
      try {
        const elsewhere = this.#inside.readElsewhere?.(format);
        const parts = (elsewhere && (await elsewhere)) ?? (await this.#scrapes.read(format, timeoutMs));
        this.#isReady = true;
        return parts;
      } catch (error) {
        this.#isReady = false;
        throw error;
      }
    }

    async text(format: Format = 'text', timeoutMs?: number): Promise<string> {
      return Buffer.concat(await this.read(format, timeoutMs)).toString();
    }

    get url(): string | undefined {
      return this.#endpoint.url;
    }

    override startServer(place = placeOf(this.#options)): Promise<void> {
      this.#door = { ...this.#door, token: place.token };
      return this.#endpoint.start(place);
    }

    override stopServer(): Promise<void> {
      return this.#endpoint.stop();
    }

    override getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): void {
      void answerNode(request, response, this.#door);
    }

    respond(request: WebRequest): Promise<Response> {
      return answerWeb(request, this.#door);
    }

    /** Why there are no metrics. A probe collects them only where the last collection failed, or there was none. */
    async #trouble(): Promise<string | undefined> {
      if (this.#isReady) return undefined;
      return this.read().then(() => undefined, foreignMessage);
    }

    #addNow(): void {
      currentMeter();
      this.#inside.gatherNow?.(this.#sink);
      for (const _ of this.#adding);
      const collected = collectNow(this.#sdk, (error) => this.#onError(error));
      this.#families.add(SELF, [...this.#taken.splice(0), ...collected, ...(this.#own?.take() ?? [])]);
    }

    #take(): Report[] {
      const ended = this.#ended.splice(0).map((source) => ({ source, scopes: [], ended: true }));
      const reports = takeReports(this.#families);
      for (const { source } of reports) if (source !== SELF) this.#handedOver.add(source);
      return [...ended, ...reports];
    }

    /** Reads for the endpoint, which says how its scrapes were. */
    async #scrape(format: Format, timeoutMs?: number): Promise<Parts> {
      const startedAt = systemClock.now();
      try {
        const parts = await this.read(format, timeoutMs);
        recordScrape({
          seconds: (systemClock.now() - startedAt) / 1_000,
          bytes: parts.reduce((sum, { length }) => sum + length, 0),
          ...this.#families.size,
        });
        return parts;
      } catch (error) {
        failedScrapes().value += 1;
        throw error;
      }
    }

    override onShutdown(): Promise<void> {
      this.#idle.stop();
      return super.onShutdown();
    }

    async #collectNew({ timeoutMillis = Number.POSITIVE_INFINITY }: CollectOptions = {}): Promise<CollectionResult> {
      // A provider that nothing else has told of the primitives' tables reads them from now on.
      currentMeter();
      const { collectTimeoutMs = COLLECT_TIMEOUT_MS } = this.#options;
      const ms = Math.min(timeoutMillis, collectTimeoutMs);
      const end = systemClock.now() + ms;
      await withDeadline(ms, async () => this.#inside.beforeCollection?.()).catch((error) => this.#onError(error));
      await this.#inside.gather?.(this.#sink, end - systemClock.now());
      const result = await super.collect({ timeoutMillis: Math.max(1, end - systemClock.now()) });
      this.#collectedAt = Math.floor(systemClock.date());
      this.#resource = result.resourceMetrics.resource.attributes;
      this.#families.reserve(labelNames(this.#constants()));
      this.#adding = this.#families.adding(SELF, [
        ...result.resourceMetrics.scopeMetrics,
        ...(this.#own?.take() ?? []),
      ]);
      this.#taken.length = 0;
      await inSlices(this.#adding);
      const { maxSeriesPerMetric = MAX_SERIES_PER_METRIC } = this.#options;
      forgetUnobserved(this.#sdk, maxSeriesPerMetric / 2, (scope, metric) => this.#families.forget(scope, metric));
      this.#idle.postpone();
      return result;
    }

    #onError(error: unknown): void {
      const timeout = isTimeout(error);
      failedCallbacks(timeout ? 'timeout' : 'failed').value += 1;
      const what = timeout ? 'did not end in time' : `failed: ${foreignMessage(error)}`;
      this.#tell(
        `callback ${timeout}`,
        `A callback of an observable instrument ${what}: the scrape is without its series`,
        A_FEW,
      );
    }

    #render(format: Format): Iterable<Buffer> {
      return render(this.#out, this.#families, {
        format,
        constant: labelText(this.#constants(), RESERVED_FOR_CONSTANTS),
        target: this.#options.withoutTargetInfo === true ? undefined : labelText(this.#resource, NONE),
        timestamp: this.#options.appendTimestamp === true ? this.#collectedAt : undefined,
        onError: ({ name }, error) => {
          droppedMeasurements('invalid').value += 1;
          this.#tell('invalid', `The metric ${name} cannot be written: ${foreignMessage(error)}`, A_FEW);
        },
      });
    }

    /** The attributes of the resource that every series has as labels. */
    #constants(): Attributes {
      const pattern = this.#options.withResourceConstantLabels;
      if (pattern === undefined) return {};
      // `match`, because `test` of a global expression begins where the last one ended.
      return Object.fromEntries(Object.entries(this.#resource).filter(([key]) => key.match(pattern) !== null));
    }
  }
  return PrometheusExporter as unknown as InternalExporterClass;
}
