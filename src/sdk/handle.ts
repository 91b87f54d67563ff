import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerNode, answerWeb, type WebRequest } from '../prometheus/metrics-request.ts';
import type { Settings } from './settings.ts';

/** The handle that `register` returns. */
export interface Telemetry {
  /** The URL that Prometheus scrapes; `undefined` while the endpoint does not listen. */
  readonly metricsUrl: string | undefined;
  /** Why the endpoint does not listen; `undefined` if it listens or is switched off. */
  readonly metricsError: Error | undefined;
  /** The URL that spans are sent to, without credentials; `undefined` when no spans are made. */
  readonly tracesUrl: string | undefined;
  /** The URL that metrics are sent to, without credentials; `undefined` when they are not sent. */
  readonly metricsPushUrl: string | undefined;
  /** The metrics as Prometheus text, also without an endpoint; after `shutdown` the last text. */
  metrics(): Promise<string>;
  /**
   * Answers a request for the metrics in a server of the program, as the endpoint does: for `node:http`, Express, and
   * Fastify (`reply.hijack()` first). The token is asked for, the name of the host is not. It can be passed on alone.
   */
  handleMetrics(this: void, request: IncomingMessage, response: ServerResponse): void;
  /** As `handleMetrics`, for servers of the standard `Request` and `Response`: Hono, Next.js, Bun, Deno. Never rejects. */
  respondMetrics(this: void, request: WebRequest): Promise<Response>;
  /**
   * Resolves when the spans that ended so far are delivered or counted as lost, and the metrics are sent to the collector
   * if they are, after `flushTimeoutMs` at the latest. If nothing reaches the collector it resolves at once, and the spans
   * wait to be sent again.
   * Never rejects: a problem of the collector is no error of the program.
   */
  flush(): Promise<void>;
  /** Flushes, closes the endpoint and unregisters the SDK, within `flushTimeoutMs`. Then `register` starts a new one. */
  shutdown(): Promise<void>;
}

export interface Started {
  readonly telemetry: Telemetry;
  /** Resolves when the endpoint listens, or has failed to listen, or when there is none. */
  ready(): Promise<void>;
  /** Opens the endpoint if there was to be none so far. Returns whether it does. */
  listen(endpoint: Settings['prometheus']): boolean;
  /** The promise of the shutdown, `undefined` before the shutdown. */
  ending(): Promise<void> | undefined;
}

/** The answers of a process whose metrics cannot be had. */
export function answersWithout(reason: string): Pick<Telemetry, 'handleMetrics' | 'respondMetrics'> {
  const read = () => Promise.reject(new Error(reason));
  return {
    handleMetrics: (request, response) => void answerNode(request, response, { read }),
    respondMetrics: (request) => answerWeb(request, { read }),
  };
}

/** The handle of a process in which telemetry is switched off. */
export const DISABLED: Started = Object.freeze({
  telemetry: Object.freeze({
    metricsUrl: undefined,
    metricsError: undefined,
    tracesUrl: undefined,
    metricsPushUrl: undefined,
    metrics: async () => '',
    ...answersWithout('telemetry is switched off by OTEL_SDK_DISABLED'),
    flush: async () => {},
    shutdown: async () => {},
  }),
  ready: async () => {},
  listen: () => false,
  ending: () => undefined,
});
