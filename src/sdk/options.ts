/** The options of `register`, and their checks. */
import type { Attributes } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { fail, knownOptions, requireNumber } from '../core/check.ts';
import { httpUrl } from './environment.ts';

export interface TracesOptions {
  /**
   * Where the collector is, by OTLP over HTTP; `/v1/traces` is appended unless it is there already.
   * @default OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318
   */
  readonly endpoint?: string | undefined;
  /**
   * Sent with every request beside those of the environment, such as the collector's token. Never shown.
   * @default OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS, or none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface PrometheusOptions {
  /** The address that the endpoint listens on. @default OTEL_EXPORTER_PROMETHEUS_HOST, or 127.0.0.1: this machine only */
  readonly host?: string | undefined;
  /** The port of the endpoint. 0 takes any free one: `metricsUrl` of the handle tells which. @default OTEL_EXPORTER_PROMETHEUS_PORT, or 9464 */
  readonly port?: number | undefined;
}

export interface RegisterOptions {
  /** The service's name: `service.name` on spans, the label `job` on metrics. @default OTEL_SERVICE_NAME, or tta-primitives */
  readonly serviceName?: string | undefined;
  /**
   * What else describes the service, on spans and in `target_info`; merged over those of the environment.
   * @default OTEL_RESOURCE_ATTRIBUTES, or none
   */
  readonly resourceAttributes?: Attributes | undefined;
  /** How spans leave. `false` makes no spans; the counts stay. @default `false` with OTEL_TRACES_EXPORTER=none, or on */
  readonly traces?: TracesOptions | false | undefined;
  /** The endpoint for metrics. `false` opens no port; `metrics()` of the handle still has the text. @default on */
  readonly prometheus?: PrometheusOptions | false | undefined;
  /** Whether every series carries `job`, the service's name. @default true */
  readonly jobLabel?: boolean | undefined;
  /**
   * The share of traces that are sampled, from 0 to 1. Counts do not depend on it.
   * @default OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, or 1: every trace
   */
  readonly sampleRatio?: number | undefined;
  /** Span processors of your own, called for every span beside our delivery. @default none */
  readonly spanProcessors?: readonly SpanProcessor[] | undefined;
  /** The longest that `flush`, `shutdown` and the end of the process wait for the collector, in milliseconds. @default 5000 */
  readonly flushTimeoutMs?: number | undefined;
}

const WHERE = 'register';

/** Throws a `TypeError` or `RangeError` for options that are wrong. The environment is warned about, never thrown. */
export function checkOptions(options: RegisterOptions): void {
  knownOptions(WHERE, options, [
    ...['serviceName', 'resourceAttributes', 'traces', 'prometheus', 'jobLabel'],
    ...['sampleRatio', 'spanProcessors', 'flushTimeoutMs'],
  ]);
  const { serviceName, jobLabel, sampleRatio, flushTimeoutMs, traces, prometheus } = options;
  if (serviceName !== undefined && (typeof serviceName !== 'string' || serviceName.trim() === '')) {
    fail(WHERE, 'serviceName', 'must be a text that is not empty', serviceName);
  }
  if (jobLabel !== undefined && typeof jobLabel !== 'boolean') {
    fail(WHERE, 'jobLabel', 'must be true or false', jobLabel);
  }
  if (sampleRatio !== undefined) requireNumber(WHERE, 'sampleRatio', sampleRatio, { min: 0, max: 1 });
  if (flushTimeoutMs !== undefined) {
    requireNumber(WHERE, 'flushTimeoutMs', flushTimeoutMs, { min: 100, max: 600_000 });
  }
  if (traces !== undefined && traces !== false) checkTraces(traces);
  if (prometheus === undefined || prometheus === false) return;
  knownOptions(`${WHERE}: prometheus`, prometheus, ['host', 'port']);
  if (prometheus.port !== undefined) {
    requireNumber(WHERE, 'prometheus.port', prometheus.port, { min: 0, max: 65_535, integer: true });
  }
  if (prometheus.host !== undefined && (typeof prometheus.host !== 'string' || prometheus.host.trim() === '')) {
    fail(WHERE, 'prometheus.host', 'must be a name or an address such as 127.0.0.1', prometheus.host);
  }
}

function checkTraces(traces: TracesOptions): void {
  knownOptions(`${WHERE}: traces`, traces, ['endpoint', 'headers']);
  const { endpoint, headers } = traces;
  // Neither is quoted: both may hold a credential.
  if (endpoint !== undefined && (typeof endpoint !== 'string' || httpUrl(endpoint) === undefined)) {
    throw new TypeError(`${WHERE}: traces.endpoint must be a URL such as http://localhost:4318`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (typeof value !== 'string') throw new TypeError(`${WHERE}: traces.headers: ${name} must be a text`);
  }
}
