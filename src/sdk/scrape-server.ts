/** The endpoint of the program. A port that is taken is reported once and tried again until it is free. */

import cluster from 'node:cluster';
import { inBackground } from '../platform/background.ts';
import { messageOf } from '../platform/message-of.ts';
import { findPortHolder } from '../platform/port-holder.ts';
import { readProperty } from '../platform/read-property.ts';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import type { Place } from '../prometheus/options.ts';
import { warn } from './warn.ts';

const RETRY_MS = 2_000;

export interface ScrapeServer {
  /** `undefined` while it does not listen. */
  readonly url: string | undefined;
  /** Why it does not listen. */
  readonly error: Error | undefined;
  close(): Promise<void>;
}

/** Resolves when the server listens, or when it has failed to listen and this has been reported. */
export async function startScrapeServer(place: Place, exporter: InternalExporter): Promise<ScrapeServer> {
  const { host, port } = place;
  let error: Error | undefined;
  let closed = false;
  let cancelRetry = () => {};

  const tryAgainLater = () => {
    cancelRetry = inBackground(RETRY_MS, () => void open().catch(tryAgainLater));
  };
  const open = async () => {
    // Another call of `register` may bring another place than the exporter was made with.
    await exporter.startServer(place);
    if (closed) return exporter.stopServer();
    error = undefined;
  };

  try {
    await open();
  } catch (cause) {
    error = await explain(host, port, cause);
    warn(error.message);
    // The holder of the port may be the old instance of this program, which ends soon.
    if (readProperty(cause, 'code') === 'EADDRINUSE' && !closed) tryAgainLater();
  }
  return {
    get url() {
      return exporter.url;
    },
    get error() {
      return error;
    },
    async close() {
      closed = true;
      cancelRetry();
      await exporter.stopServer();
    },
  };
}

async function explain(host: string, port: number, cause: unknown): Promise<Error> {
  const wayOut =
    'Choose another with OTEL_EXPORTER_PROMETHEUS_PORT or register({ prometheus: { port } }), 0 for any free one. ' +
    'Workflows run on, and counting goes on.';
  if (readProperty(cause, 'code') !== 'EADDRINUSE') {
    return new Error(
      `Metrics are not served: cannot listen on ${host}, port ${port} (${messageOf(cause)}). ${wayOut}`,
      {
        cause,
      },
    );
  }
  const holder = await findPortHolder(port, (cause as { address?: string }).address ?? host);
  const by = holder === undefined ? 'another process' : `process ${holder.pid} (${holder.command})`;
  const primary = cluster.isWorker ? 'A primary that registers too serves the metrics of all its workers. ' : '';
  return new Error(`Metrics are not served: port ${port} on ${host} is taken by ${by}. ${primary}${wayOut}`, { cause });
}
