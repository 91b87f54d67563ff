import type { Settings } from './settings.ts';

/** The handle that `register` returns. */
export interface Telemetry {
  /** The URL that Prometheus scrapes; `undefined` while the endpoint does not listen. */
  readonly metricsUrl: string | undefined;
  /** Why the endpoint does not listen; `undefined` if it listens or is switched off. */
  readonly metricsError: Error | undefined;
  /** The URL that spans are sent to, without credentials; `undefined` when no spans are made. */
  readonly tracesUrl: string | undefined;
  /** The metrics as Prometheus text, also without an endpoint; after `shutdown` the last text. */
  metrics(): Promise<string>;
  /**
   * Resolves when the spans that ended so far are delivered or counted as lost, after `flushTimeoutMs` at the latest. If
   * nothing reaches the collector it resolves at once, and the spans wait to be sent again.
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

/** The handle of a process in which telemetry is switched off. */
export const DISABLED: Started = Object.freeze({
  telemetry: Object.freeze({
    metricsUrl: undefined,
    metricsError: undefined,
    tracesUrl: undefined,
    metrics: async () => '',
    flush: async () => {},
    shutdown: async () => {},
  }),
  ready: async () => {},
  listen: () => false,
  ending: () => undefined,
});
