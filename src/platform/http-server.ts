import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { manyListenersController } from './abort.ts';
import { messageOf } from './message-of.ts';
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
  /** Closes the server at once and cuts open connections. It can be called more than once. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  /** 0 uses any free port. */
  readonly port: number;
  /** Answers one request. After a rejection the answer is status 500, or the connection is cut if an answer has begun. */
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}

/**
 * Starts an HTTP server that does not keep the process alive, also with an open connection or an unfinished request.
 *
 * @throws the error of the system (`EADDRINUSE`, `EACCES`, ...) when it cannot listen
 */
export async function startHttpServer({ host, port, handle }: HttpServerOptions): Promise<HttpServer> {
  const running = new Set<AbortController>();
  const server = createServer(async (request, response) => {
    const controller = manyListenersController();
    running.add(controller);
    response.once('close', () => {
      running.delete(controller);
      controller.abort();
    });
    try {
      const path = (request.url ?? '/').replace(/[?#].*$/s, '');
      await handle({ request, response, path, signal: controller.signal });
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendText(response, 500, `${redact(messageOf(error))}\n`);
    }
  });
  server.on('connection', (socket) => socket.unref());
  await listen(server, host, port);
  return {
    url: urlOf(host, server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const controller of running) controller.abort();
        server.closeAllConnections();
      }),
  };
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
