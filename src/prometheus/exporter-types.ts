/** The exporter as a program sees it, and as this package does. */
import type { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { PrometheusExporterOptions } from './exporter-options.ts';
import type { Format, Parts } from './format.ts';
import type { WebRequest } from './metrics-request.ts';
import type { Place } from './options.ts';
import type { Report, ReportSink } from './report.ts';
import type { Warn } from './tell.ts';

/** Also `startServer`, `stopServer`, `collect` and `getMetricsRequestHandler`, as in OpenTelemetry's own exporter. */
export interface PrometheusExporter extends StockExporter {
  /** The current metrics in the text format 0.0.4 or in OpenMetrics. Rejects when the whole collection fails. */
  text(format?: Format, timeoutMs?: number): Promise<string>;
  /**
   * As `text`, in UTF-8 and in parts.
   *
   * @param timeoutMs the longest that it waits for callbacks, if that is less than `collectTimeoutMs`
   */
  read(format?: Format, timeoutMs?: number): Promise<Parts>;
  /**
   * Answers a request of a standard server (Hono, Next.js, Bun, Deno), as the endpoint answers it: `token` and the formats
   * apply. `getMetricsRequestHandler` does so for `node:http`. Both can be passed on without the exporter.
   */
  respond(request: WebRequest): Promise<Response>;
  /** The address of the endpoint, with its path; `undefined` while it does not listen. */
  readonly url: string | undefined;
}

/** What both classes have beside their constructor. */
interface ExporterStatics {
  readonly DEFAULT_OPTIONS: (typeof StockExporter)['DEFAULT_OPTIONS'];
}

export interface PrometheusExporterClass extends ExporterStatics {
  /** @param callback called when the endpoint listens, or with the error for which it does not */
  new (options?: PrometheusExporterOptions, callback?: (error: Error | void) => void): PrometheusExporter;
}

/** What only this package uses. */
export interface InternalExporter extends PrometheusExporter {
  /** As `collect`, at once, for the exit of a process. Callbacks that wait for something have observed nothing. */
  metricsNow(): ScopeMetrics[];
  /**
   * Takes all that was measured since the last time, for another process to add.
   *
   * @param timeoutMs the longest that it waits for callbacks
   */
  handOver(timeoutMs: number): Promise<Report[]>;
  /** As `handOver`, at once, for the exit of a process. */
  handOverNow(): Report[];
  /** Adds reports of other processes while no scrape runs. */
  change(work: (sink: ReportSink) => void): Promise<void>;
  /** @param place where to listen and for whom, instead of what the options say */
  startServer(place?: Place): Promise<void>;
}

/** What the rest of this package adds to an exporter. */
export interface Inside {
  /** Called before each collection; a scrape waits for it. */
  readonly beforeCollection?: (() => Promise<unknown>) | undefined;
  /** Adds what other processes and threads have measured. Called before each collection; a scrape waits for it. */
  readonly gather?: ((sink: ReportSink, timeoutMs: number) => Promise<void>) | undefined;
  /** Adds what they have reported so far, at once, for the exit of a process. */
  readonly gatherNow?: ((sink: ReportSink) => void) | undefined;
  /** Where another process serves the metrics, asks it for them. It may have none to give. */
  readonly readElsewhere?: ((format: Format) => Promise<Parts | undefined> | undefined) | undefined;
  /** Reports a problem. @default `warn` of OpenTelemetry's diagnostics */
  readonly warn?: Warn | undefined;
}

export interface InternalExporterClass extends ExporterStatics {
  new (
    options?: PrometheusExporterOptions,
    callback?: (error: Error | void) => void,
    inside?: Inside,
  ): InternalExporter;
}
