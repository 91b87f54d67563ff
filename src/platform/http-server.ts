import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { manyListenersController } from './abort.ts';
import { Connections } from './connections.ts';
import { messageOf } from './message-of.ts';
import { answerOther, type OtherRequest } from './other-protocol.ts';
import { redact } from './redact.ts';

/** One HTTP exchange. `signal` aborts when the client disconnects or the server closes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path without the query. */
  readonly path: string;
  readonly signal: AbortSignal;
}

export interface HttpServer {
  /** `http://HOST:PORT`, without a slash at the end. The host is `localhost` when the server listens on all addresses. */
  readonly url: string;
  /** The address of the machine that it listens on. */
  readonly address: string;
  /** Closes the server at once and cuts open connections. It can be called more than once. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 uses any free port. */
  readonly port: number;
  /** Answers one request. After a rejection the answer is status 500, or the connection is cut if an answer has begun. */
  readonly handle: (exchange: Exchange) => Promise<void> | void;
  /**
   * Called with a request that is not HTTP/1.1, such as one of gRPC. Returns the text for its sender.
   *
   * @default Node.js answers with 400 and no text
   */
  readonly onOther?: ((request: OtherRequest) => string) | undefined;
  /** How many connections may be open. One more closes an old one. @default no limit */
  readonly maxConnections?: number | undefined;
  /** How long the head of a request may take to arrive, also the first one of a connection, in milliseconds. @default 10000 */
  readonly headTimeoutMs?: number | undefined;
  /** How long a whole request may take to arrive, in milliseconds. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** How long a connection may wait for its next request, in milliseconds. @default 30000 */
  readonly idleTimeoutMs?: number | undefined;
}

/** Browsers and proxies send about 30. The size of all is limited by Node.js: 16 KiB. */
const MAX_HEADERS = 100;
/** Node.js looks for requests that take too long only so often. */
const CHECK_MS = 1_000;

/**
 * Starts an HTTP server that does not keep the process alive, also with an open connection or an unfinished request.
 *
 * @throws the error of the system (`EADDRINUSE`, `EACCES`, ...) when it cannot listen
 */
export async function startHttpServer({
  host,
  port,
  handle,
  onOther,
  maxConnections = Number.POSITIVE_INFINITY,
  headTimeoutMs = 10_000,
  requestTimeoutMs = 60_000,
  idleTimeoutMs = 30_000,
}: HttpServerOptions): Promise<HttpServer> {
  const connections = new Connections(maxConnections);
  const limits = {
    headersTimeout: Math.min(headTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, headTimeoutMs),
  };
  const server = createServer(limits, async (request, response) => {
    const { socket } = request;
    const controller = manyListenersController();
    if (!connections.begin(socket, controller)) return;
    response.once('close', () => connections.end(socket, controller));
    try {
      if (hostsIn(request) > 1) {
        sendText(response, 400, 'A request has one Host at most\n');
        return;
      }
      if (request.rawHeaders.length > 2 * MAX_HEADERS) {
        sendText(response, 431, `A request has ${MAX_HEADERS} headers at most\n`);
        return;
      }
      await handle({ request, response, path: pathOf(request), signal: controller.signal });
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendText(response, 500, `${redact(messageOf(error))}\n`);
    }
  });
  server.on('connection', (socket) => {
    socket.unref();
    connections.add(socket);
  });
  if (onOther !== undefined) {
    server.on('clientError', (error, socket) => {
      // Bytes in the middle of an answer would be taken for a part of it.
      if (!socket.writable || connections.isBusy(socket as Socket)) socket.destroy();
      else answerOther(socket as Socket, error, onOther);
    });
  }
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: urlOf(host, address),
    address: address.address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.abort();
        server.closeAllConnections();
      }),
  };
}

/** A proxy may have looked at another one than we do. */
function hostsIn({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host').length;
}

/** The target of a request is a path, or a whole URL as a proxy gets it. */
function pathOf({ url = '/' }: IncomingMessage): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}

/** The parameters of a request. Any text has some: not every target is a URL. */
export function queryOf({ url = '/' }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '');
}

/** @param type the content type. @default plain text in UTF-8 */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  // The answer to a HEAD request needs the length, because it has no body.
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value), 'application/json');
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // This listener is not removed: a later connection that cannot be accepted is an error event too. Clients try again.
    server.on('error', reject);
    // Exclusive: each worker of a cluster has its own data. Without this, the workers would share the port.
    server.listen({ host, port, exclusive: true }, resolve);
    server.unref();
  });
}

function urlOf(host: string, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
