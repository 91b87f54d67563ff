/** One Studio: receiver, store, numbers and page behind one port. */
import { lookup } from 'node:dns/promises';
import { inBackground } from '../../platform/background.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Exchange, sendText, startHttpServer } from '../../platform/http-server.ts';
import { isLoopbackAddress } from '../../platform/local-host.ts';
import { cannotListen } from '../../platform/loopback.ts';
import { createReceiver } from './receive/receiver.ts';
import { createAccess } from './server/access.ts';
import { createApi, type StudioNumbers } from './server/api-routes.ts';
import { createLive } from './server/live.ts';
import { createPageHandler } from './server/page-files.ts';
import { refusalOf, setSecurityHeaders } from './server/security.ts';
import { createMemoryStore } from './store/memory-store.ts';
import type { StudioStore } from './store/store.ts';

export interface StudioOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 4318 */
  readonly port?: number;
  /** What a sender and a reader must know. Needed where other machines can reach the host. @default none */
  readonly token?: string | undefined;
  /** It is closed with Studio. @default in memory */
  readonly store?: StudioStore;
  /** Of the package. @default '' */
  readonly version?: string;
}

export interface Studio {
  /** `http://127.0.0.1:PORT`: the address of the page, and the endpoint for an OTLP exporter. */
  readonly url: string;
  readonly numbers: StudioNumbers;
  close(): Promise<void>;
}

/** How often the store may delete what is too old. */
const TIDY_MS = 5_000;
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Starts a Studio, which does not keep the process alive.
 *
 * @throws Error when the port is taken; its cause is the error of the system. TypeError when other machines can reach the
 *   host and there is no token
 */
export async function startStudio({
  host = '127.0.0.1',
  port = 4318,
  token,
  store = createMemoryStore({ maxBytes: MEMORY_BYTES, retentionDays: 7 }),
  version = '',
}: StudioOptions = {}): Promise<Studio> {
  const { address } = await lookup(host);
  const isLocal = isLoopbackAddress(address);
  if (!isLocal && !token) throw new TypeError(`startStudio: other machines can reach ${host}, so it needs a token`);

  const startedMs = Math.round(systemClock.date());
  const live = createLive({ change: () => store.change(), startedMs });
  const receiver = createReceiver({ onSpans: (spans) => live.changed(store.add(spans, systemClock.date())) });
  const numbers: StudioNumbers = {
    answer: ({ fromMs, toMs, points }) => {
      const stepMs = Math.ceil((toMs - fromMs) / points);
      return { fromMs, toMs, stepMs, keptFromMs: null, panels: [] };
    },
    targets: () => [],
    addTarget() {
      throw new RangeError('Nothing is scraped yet');
    },
  };
  const page = createPageHandler();
  const access = token === undefined ? undefined : createAccess(token);
  const api = createApi({
    store,
    live,
    numbers,
    about: () => ({
      ...{ version, url, startedMs, nowMs: Math.round(systemClock.date()) },
      ...{ receiver: receiver.state(), storage: store.state(), targets: numbers.targets() },
    }),
  });

  const handle = (exchange: Exchange) => {
    const { request, response, path } = exchange;
    setSecurityHeaders(response);
    const refusal = refusalOf(request, path, isLocal ? host : undefined);
    if (refusal !== undefined) {
      request.resume();
      receiver.refused(exchange, 403, refusal);
      return sendText(response, 403, `${refusal}\n`);
    }
    if (access !== undefined && !access.admit(exchange)) {
      request.resume();
      if (response.statusCode >= 400) receiver.refused(exchange, response.statusCode, 'The token is missing or wrong');
      return;
    }
    if (path.startsWith('/api/')) return api(exchange);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    return isRead && !path.startsWith('/v1/') ? page(exchange) : receiver.handle(exchange);
  };
  const { url, close } = await startHttpServer({ host, port, handle, onOther: receiver.other }).catch(
    (error: NodeJS.ErrnoException) => {
      throw cannotListen({ name: 'startStudio', host, port }, error);
    },
  );

  let cancel = inBackground(TIDY_MS, tidy);
  function tidy(): void {
    store.tidy(systemClock.date());
    cancel = inBackground(TIDY_MS, tidy);
  }
  return {
    url,
    numbers,
    async close() {
      cancel();
      live.close();
      await close();
      store.close();
    },
  };
}
