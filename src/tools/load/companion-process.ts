/** The program of the companion: models, trace receiver and scraper, until its parent is gone. */

import { systemClock } from '../../platform/clock.ts';
import { startModelServer } from '../offline-model/model-server.ts';
import { startTraceReceiver } from '../trace-receiver/trace-receiver.ts';
import type { Answer, CompanionWishes, Order } from './companion.ts';
import { type Scraper, startScraper } from './scraper.ts';

/** As Prometheus' own `scrape_timeout`. */
const DEADLINE_MS = 10_000;
const EVERY_MS = 1_000;

async function main({ faultShare, traces }: CompanionWishes): Promise<void> {
  const models = await startModelServer({
    chaos: {
      slowShare: 0,
      errorShare: faultShare / 2,
      rateLimitShare: faultShare / 4,
      retryAfterMs: 100,
      cutShare: faultShare / 4,
    },
  });
  // It counts, and shows nothing: a few traces are as good as many.
  const receiver = traces ? await startTraceReceiver({ port: 0, maxTraces: 20 }) : undefined;
  let scraper: Promise<Scraper> | undefined;

  process.on('message', (order: Order) => {
    if (order !== 'report') {
      scraper = startScraper({ url: order.scrape, everyMs: EVERY_MS, deadlineMs: DEADLINE_MS, clock: systemClock });
      scraper.catch(fail);
      return;
    }
    Promise.resolve(scraper)
      .then((started) => started?.stop())
      .then((scrapes) => tell({ report: { modelRequests: models.requests(), spans: receiver?.spans(), scrapes } }))
      .catch(fail);
  });
  tell({ ready: { modelURL: models.baseURL, traceURL: receiver?.url } });
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

function fail(error: unknown): void {
  tell({ failed: error instanceof Error ? error.message : String(error) });
}

process.once('disconnect', () => process.exit());
main(JSON.parse(process.argv[2] ?? '{}') as CompanionWishes).catch(fail);
