/** The program that `startLoadServers` starts: models, trace receiver and scraper. It ends with its parent process. */

import { systemClock } from '../../platform/clock.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { messageOf } from '../../platform/message-of.ts';
import { startModelServer } from '../offline-model/model-server.ts';
import { createReceiver } from '../studio/receive/receiver.ts';
import type { LoadServersCommand, LoadServersMessage, LoadServersOptions } from './load-servers.ts';
import { type Scraper, startScraper } from './scraper.ts';

/** The default `scrape_timeout` of Prometheus. */
const SCRAPE_TIMEOUT_MS = 10_000;
const SCRAPE_INTERVAL_MS = 1_000;

async function main({ faultShare, traces }: LoadServersOptions): Promise<void> {
  const models = await startModelServer({
    chaos: {
      slowShare: 0,
      errorShare: faultShare / 2,
      rateLimitShare: faultShare / 4,
      retryAfterMs: 100,
      cutShare: faultShare / 4,
    },
  });
  // Only the number of received spans is used: none is kept.
  const receiver = createReceiver({ onSpans() {} });
  const { handle } = receiver;
  const server = traces ? await serveLoopback({ name: 'tta load', host: '127.0.0.1', port: 0, handle }) : undefined;
  let scraper: Promise<Scraper> | undefined;

  process.on('message', (command: LoadServersCommand) => {
    if (command !== 'report') {
      scraper = startScraper({
        url: command.scrape,
        token: command.token,
        intervalMs: SCRAPE_INTERVAL_MS,
        timeoutMs: SCRAPE_TIMEOUT_MS,
        clock: systemClock,
      });
      scraper.catch(sendFailure);
      return;
    }
    Promise.resolve(scraper)
      .then((started) => started?.stop())
      .then((scrapes) =>
        send({
          report: { modelRequests: models.requests(), spans: traces ? receiver.state().spans : undefined, scrapes },
        }),
      )
      .catch(sendFailure);
  });
  send({ ready: { modelURL: models.baseURL, traceURL: server?.url } });
}

function send(message: LoadServersMessage): void {
  process.send?.(message);
}

function sendFailure(error: unknown): void {
  send({ failed: messageOf(error) });
}

process.once('disconnect', () => process.exit());
main(JSON.parse(process.argv[2] ?? '{}') as LoadServersOptions).catch(sendFailure);
