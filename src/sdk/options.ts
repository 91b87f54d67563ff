/** The options of `register`, and their checks. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
import { checkOptions, fail, type Rule, type Rules, requirePlain } from '../core/check.ts';
import { flag, having, number, object, oneOf, optional, recordOf, secretText, word } from '../core/rules.ts';
import { isPlain, measure, show } from '../core/show.ts';
import { host, port, SCRAPE_RULES, type ScrapeOptions } from '../prometheus/options.ts';
import type { ModelHosts } from '../wire/model-hosts.ts';
import { MODEL_CALL_RULES, type ModelCallOptions } from '../wire/options.ts';
import { httpUrl } from './environment.ts';
import type { SpanProcessor } from './span-types.ts';

export interface TracesOptions {
  /**
   * The URL of the collector, for OTLP over HTTP; `/v1/traces` is appended unless the URL ends with it; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is used as it is.
   * @default OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318
   */
  readonly endpoint?: string | undefined;
  /**
   * Headers of every request, such as the collector's token, in addition to those of the environment. Never shown.
   * @default OTEL_EXPORTER_OTLP_TRACES_HEADERS, OTEL_EXPORTER_OTLP_HEADERS, or none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long ended spans wait for their batch to fill, in milliseconds. @default OTEL_BSP_SCHEDULE_DELAY, or 5000 */
  readonly scheduleDelayMs?: number | undefined;
}

export interface PrometheusOptions extends ScrapeOptions {
  /** The address that the endpoint listens on. @default OTEL_EXPORTER_PROMETHEUS_HOST, or 127.0.0.1: this machine only */
  readonly host?: string | undefined;
  /** The port of the endpoint. 0 uses any free port, which is in `metricsUrl` of the handle. @default OTEL_EXPORTER_PROMETHEUS_PORT, or 9464 */
  readonly port?: number | undefined;
  /** Whether no port is opened because a server of the program answers, with `handleMetrics` or `respondMetrics` of the handle. @default false */
  readonly preventServerStart?: boolean | undefined;
}

export interface MetricsPushOptions {
  /**
   * The URL of the collector, for OTLP over HTTP; `/v1/metrics` is appended unless the URL ends with it; OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is used as it is.
   * @default OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318
   */
  readonly endpoint?: string | undefined;
  /**
   * Headers of every request, in addition to those of the environment. Never shown.
   * @default OTEL_EXPORTER_OTLP_METRICS_HEADERS, OTEL_EXPORTER_OTLP_HEADERS, or none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long to wait between two deliveries, in milliseconds. @default OTEL_METRIC_EXPORT_INTERVAL, or 60000 */
  readonly intervalMs?: number | undefined;
}

export const MODEL_CALL_MODES = ['known', 'all', 'metrics', 'off'] as const;
export type ModelCallMode = (typeof MODEL_CALL_MODES)[number];

export interface ModelCallsOptions extends ModelCallOptions {
  /**
   * What is observed: `known`, the calls to providers' own hosts, to `hosts`, and to Ollama on this machine; `all`, also
   * calls to other hosts that look like calls to a model; `metrics`, as `known` but without spans, for programs whose calls
   * have spans by another instrumentation; `off`, nothing. @default TTA_MODEL_CALLS, or known
   */
  readonly mode?: ModelCallMode | undefined;
  /**
   * More hosts that serve models, and their providers in metrics and prices: `'litellm:4000=litellm, vllm.internal'`, or
   * `{ 'litellm:4000': { provider: 'litellm', statesCost: true } }`; in addition to those of the environment, of which
   * `OPENAI_BASE_URL`, `ANTHROPIC_BASE_URL` and their like name hosts too. @default TTA_MODEL_HOSTS, or none
   */
  readonly hosts?: ModelHosts | undefined;
  /** Whether spans have the messages of requests and replies. @default OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, or false */
  readonly captureContent?: boolean | undefined;
  /**
   * Your own prices in US dollars per million tokens, used before all others; `catalogue` leaves out the reference prices.
   * The variable names a JSON file with `prices`, `priceAs` and `tierFactors`. @default TTA_PRICES, or none
   */
  readonly prices?: ModelCallOptions['prices'];
}

export interface RegisterOptions {
  /** The service's name: `service.name` on spans, the label `job` on metrics. @default OTEL_SERVICE_NAME, or tta-primitives */
  readonly serviceName?: string | undefined;
  /**
   * More attributes of the service, on spans and in `target_info`. Each replaces that of the environment with its name.
   * @default OTEL_RESOURCE_ATTRIBUTES, or none
   */
  readonly resourceAttributes?: Attributes | undefined;
  /** How spans are sent. With `false` no spans are made; metrics still count. @default `false` with OTEL_TRACES_EXPORTER=none, or on */
  readonly traces?: TracesOptions | false | undefined;
  /** The endpoint for metrics. `false` opens no port; `metrics()` and `handleMetrics` of the handle still give them. @default `false` with OTEL_METRICS_EXPORTER=none or OTEL_METRICS_EXPORTER=otlp, or on: but off in a worker thread, because the port is the main thread's */
  readonly prometheus?: PrometheusOptions | false | undefined;
  /**
   * Sends the metrics to a collector by OTLP, for jobs that are too short to be scraped: every minute, and when the process
   * ends. Not in worker threads. @default `{}` with OTEL_METRICS_EXPORTER=otlp, or `false`
   */
  readonly metricsPush?: MetricsPushOptions | false | undefined;
  /** Whether every series has the label `job`, the service's name. @default true */
  readonly jobLabel?: boolean | undefined;
  /**
   * The share of traces that are sampled, from 0 to 1. Counts do not depend on it.
   * @default OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, or 1: every trace
   */
  readonly sampleRatio?: number | undefined;
  /** More span processors, called for every span. Spans are still sent to the collector. @default none */
  readonly spanProcessors?: readonly SpanProcessor[] | undefined;
  /**
   * Which model calls over `fetch` are counted, whatever client makes them, and at which prices. A word is the mode.
   * @default on: as `known` in the mode
   */
  readonly modelCalls?: ModelCallMode | ModelCallsOptions | undefined;
  /**
   * How many tenants have their own name in `tta_tenant_llm_cost_total`, for the life of the process; the others are
   * `__other__`. At most 1900. @default 100
   */
  readonly maxTenants?: number | undefined;
  /** The longest that `flush`, `shutdown` and the end of the process wait for the collector, in milliseconds. @default 5000 */
  readonly flushTimeoutMs?: number | undefined;
}

const address: Rule<string> = (where, option, value) => {
  if (typeof value !== 'string' || httpUrl(value) === undefined) {
    // Not quoted: it may contain a credential.
    throw new TypeError(
      `${where}: ${option} must be a URL that starts with http:// or https://, such as http://localhost:4318, ` +
        `got ${measure(value)}`,
    );
  }
};

/** Messages do not quote a value: it is usually a token. */
const headers: Rule<Readonly<Record<string, string>>> = (where, option, value) => {
  recordOf(secretText)(where, option, value);
  for (const [name, each] of Object.entries(value as Readonly<Record<string, string>>)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, each);
    } catch {
      throw new TypeError(`${where}: ${option}[${show(name)}] has a name or a value that HTTP cannot send`);
    }
  }
};

const attributes: Rule<Attributes> = (where, option, value) => {
  requirePlain(where, option, 'must be an object such as { key: value }', value);
  for (const [key, each] of Object.entries(value as object)) {
    const parts: readonly unknown[] = Array.isArray(each) ? each : [each];
    if (parts.every((part) => part == null || ['string', 'number', 'boolean'].includes(typeof part))) continue;
    fail(where, `${option}[${show(key)}]`, 'must be a text, a number, true, false, or a list of them', each);
  }
};

const processors: Rule<readonly SpanProcessor[]> = (where, option, value) => {
  if (!Array.isArray(value)) fail(where, option, 'must be a list of span processors', value);
  const processor = having<SpanProcessor>('onStart', 'onEnd', 'forceFlush', 'shutdown');
  for (const [i, each] of value.entries()) processor(where, `${option}[${i}]`, each);
};

const mode = oneOf(...MODEL_CALL_MODES);
const modelCallsOptions = object<ModelCallsOptions>(MODEL_CALL_RULES);
const modelCalls: Rule<ModelCallMode | ModelCallsOptions> = (where, option, value) => {
  if (typeof value === 'string') mode(where, option, value);
  else if (isPlain(value)) modelCallsOptions(where, option, value);
  else
    fail(where, option, `must be one of ${MODEL_CALL_MODES.join(', ')}, or an object such as { mode: 'all' }`, value);
};

const RULES: Rules<RegisterOptions> = {
  serviceName: optional(word),
  resourceAttributes: optional(attributes),
  traces: optional(
    orFalse(
      object({
        endpoint: optional(address),
        headers: optional(headers),
        scheduleDelayMs: optional(number({ min: 0, max: 3_600_000 })),
      }),
    ),
  ),
  prometheus: optional(
    orFalse(
      object<PrometheusOptions>({
        host: optional(host),
        port: optional(port),
        preventServerStart: optional(flag),
        ...SCRAPE_RULES,
      }),
    ),
  ),
  metricsPush: optional(
    orFalse(
      object({
        endpoint: optional(address),
        headers: optional(headers),
        intervalMs: optional(number({ min: 1, max: 86_400_000 })),
      }),
    ),
  ),
  jobLabel: optional(flag),
  sampleRatio: optional(number({ min: 0, max: 1 })),
  spanProcessors: optional(processors),
  flushTimeoutMs: optional(number({ min: 100, max: 600_000 })),
  modelCalls: optional(modelCalls),
  // The table of an instrument has room for 2,000 series.
  maxTenants: optional(number({ min: 0, max: 1_900, integer: true })),
};

function orFalse<T>(rule: Rule<T>): Rule<T | false> {
  return (where, option, value) => {
    if (value !== false) rule(where, option, value);
  };
}

/** Throws a `TypeError` or `RangeError` for wrong options. Wrong environment variables are warnings, not errors. */
export function checkRegisterOptions(options: RegisterOptions): void {
  checkOptions('RegisterOptions', options, RULES);
}
