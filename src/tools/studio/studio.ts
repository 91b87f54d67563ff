/** One Studio: receiver, store, numbers and page behind one port. */
import { lookup } from 'node:dns/promises';
import { inBackground } from '../../platform/background.ts';
import { systemClock } from '../../platform/clock.ts';
import { type Exchange, sendText, startHttpServer } from '../../platform/http-server.ts';
import { isLoopbackAddress } from '../../platform/local-host.ts';
import { cannotListen } from '../../platform/loopback.ts';
import type { StorageState } from './api.ts';
import type { StudioSpan } from './model/span.ts';
import { createNumbers, type Numbers, type TargetOptions } from './numbers/numbers.ts';
import { isOfOtherProtocol } from './receive/advice.ts';
import { createReceiver, type Receiver } from './receive/receiver.ts';
import { createAccess } from './server/access.ts';
import { createApi } from './server/api-routes.ts';
import { createGuests, type Guests } from './server/guests.ts';
import { createLive } from './server/live.ts';
import { createPageHandler } from './server/page-files.ts';
import { refusalOf, setSecurityHeaders } from './server/security.ts';
import { openStore } from './store/open-store.ts';
import type { StoreLimits } from './store/store.ts';

export interface StudioOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes any free port. @default 4318 */
  readonly port?: number | undefined;
  /** What a sender and a reader must know. Needed where other machines can reach the host. @default none */
  readonly token?: string | undefined;
  /** The folder for what is kept; it is created. @default in memory */
  readonly folder?: string | undefined;
  /** @default 1 GB, 30 days */
  readonly limits?: StoreLimits | undefined;
  /** The endpoints for metrics that are scraped. @default none */
  readonly targets?: readonly TargetOptions[] | undefined;
  /** Of the package. @default '' */
  readonly version?: string | undefined;
}

export interface Studio {
  /** `http://127.0.0.1:PORT`: the address of the page, and the endpoint for an OTLP exporter. */
  readonly url: string;
  readonly numbers: Numbers;
  readonly guests: Guests;
  storage(): StorageState;
  close(): Promise<void>;
}

/** How often the store may delete what is too old. */
const TIDY_MS = 5_000;
/** Of the limit of what is kept, numbers take a tenth, and no more than this. */
const MAX_NUMBER_BYTES = 64 * 1024 * 1024;
/** Pages, programs that send, and scrapers that were given the wrong address; one more closes the oldest. */
const MAX_CONNECTIONS = 1_000;
export const DEFAULT_LIMITS: StoreLimits = { maxBytes: 1_000_000_000, retentionDays: 30 };

/**
 * Starts a Studio, which does not keep the process alive.
 *
 * @throws Error when the port is taken; its cause is the error of the system. TypeError when other machines can reach the
 *   host and there is no token
 */
export async function startStudio(options: StudioOptions = {}): Promise<Studio> {
  const { host = '127.0.0.1', port = 4318, token } = options;
  const { address } = await lookup(host);
  const isLocal = isLoopbackAddress(address);
  if (!isLocal && !token) throw new TypeError(`startStudio: other machines can reach ${host}, so it needs a token`);
  const access = token === undefined ? undefined : createAccess(token);

  // The port first: who has it may open the file. Requests wait until it is open.
  let isOpen = (_: Inside) => {};
  const opened = new Promise<Inside>((resolve) => {
    isOpen = resolve;
  });
  let inside: Inside | undefined;
  const receiver = createReceiver({ onSpans: (spans) => inside?.keep(spans) });
  const handle = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    setSecurityHeaders(response);
    const refusal = refusalOf(request, path, isLocal ? host : undefined);
    if (refusal !== undefined) {
      request.resume();
      receiver.refused(exchange, 403, refusal);
      sendText(response, 403, `${refusal}\n`);
    } else if (access !== undefined && !access.admit(exchange)) {
      request.resume();
      if (response.statusCode >= 400) receiver.refused(exchange, response.statusCode, 'The token is missing or wrong');
    } else await (await opened).handle(exchange);
  };
  const server = await startHttpServer({
    host,
    port,
    handle,
    maxConnections: MAX_CONNECTIONS,
    onOther: receiver.other,
  }).catch((error: NodeJS.ErrnoException) => {
    throw cannotListen({ name: 'startStudio', host, port }, error);
  });
  const { url } = server;
  try {
    inside = await open(url, receiver, options);
  } catch (error) {
    await server.close();
    throw error;
  }
  isOpen(inside);
  const { numbers, guests, storage, stop, close } = inside;
  return {
    ...{ url, numbers, guests, storage },
    async close() {
      stop();
      await server.close();
      close();
    },
  };
}

interface Inside extends Pick<Studio, 'numbers' | 'guests' | 'storage'> {
  keep(spans: readonly StudioSpan[]): void;
  handle(exchange: Exchange): Promise<void> | void;
  /** Ends what would go on by itself. */
  stop(): void;
  close(): void;
}

/** Opens all that is behind the port. */
async function open(
  url: string,
  receiver: Receiver,
  { folder, limits = DEFAULT_LIMITS, targets = [], version = '' }: StudioOptions,
): Promise<Inside> {
  const { store, database } = await openStore({ folder, limits });
  const numbers = createNumbers({
    ...{ targets, database, retentionDays: limits.retentionDays },
    maxBytes: Math.min(MAX_NUMBER_BYTES, limits.maxBytes / 10),
  });
  const storage = (): StorageState => {
    const state = store.state();
    return { ...state, notes: [...state.notes, ...numbers.notes()] };
  };
  const startedMs = Math.round(systemClock.date());
  const live = createLive({ change: () => store.change(), startedMs });
  const guests = createGuests();
  const page = createPageHandler();
  const about = () => ({
    ...{ version, url, startedMs, nowMs: Math.round(systemClock.date()) },
    ...{ receiver: receiver.state(), storage: storage(), targets: numbers.targets() },
  });
  const api = createApi({ store, live, guests, numbers, about });

  function tidy(): () => void {
    return inBackground(TIDY_MS, () => {
      store.tidy(systemClock.date());
      cancel = tidy();
    });
  }
  let cancel = tidy();
  return {
    ...{ numbers, guests, storage },
    keep: (spans) => live.changed(store.add(spans, systemClock.date())),
    handle(exchange) {
      const { request, path } = exchange;
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (path.startsWith('/api/') && (isRead || !isOfOtherProtocol(path))) return api(exchange);
      return isRead && !path.startsWith('/v1/') ? page(exchange) : receiver.handle(exchange);
    },
    stop() {
      cancel();
      live.close();
    },
    close() {
      numbers.close();
      store.close();
    },
  };
}
