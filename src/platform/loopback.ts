import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One HTTP exchange. `signal` aborts when the client is gone or the server closes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path without the query. */
  readonly path: string;
  readonly signal: AbortSignal;
}

export interface LoopbackServer {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  /** Ends at once, whatever connections are open. Harmless when repeated. */
  close(): Promise<void>;
}

export interface LoopbackOptions {
  /** What is being started, as the first word of an error's sentence. */
  readonly name: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Answers one request. A rejection is answered with status 500 where that is still possible. */
  readonly handle: (exchange: Exchange) => Promise<void> | void;
}

/**
 * An HTTP server for this machine only. It holds no process, open connections included, and refuses requests that a
 * web page could make a browser send: those whose Host header names another machine (DNS rebinding).
 *
 * @throws Error that names host and port when they cannot be had
 */
export async function serveLoopback(options: LoopbackOptions): Promise<LoopbackServer> {
  const { name, host, port, handle } = options;
  const running = new Set<AbortController>();
  const server = createServer(async (request, response) => {
    const controller = new AbortController();
    running.add(controller);
    response.once('close', () => {
      running.delete(controller);
      controller.abort();
    });
    try {
      if (!isLocal(request.headers.host, host)) {
        sendText(
          response,
          403,
          `This server answers requests to localhost only, not to ${request.headers.host ?? 'no host'}\n`,
        );
        return;
      }
      const path = (request.url ?? '/').replace(/[?#].*$/s, '');
      await handle({ request, response, path, signal: controller.signal });
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendText(response, 500, `${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  server.on('connection', (socket) => socket.unref());
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    const reason = taken ? 'the port is taken: pass another one, or 0 for any free one' : (error as Error).message;
    throw new Error(`${name}: cannot listen on ${host} port ${port}: ${reason}`, { cause: error });
  }
  server.unref();
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const controller of running) controller.abort();
        server.closeAllConnections();
      }),
  };
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function isLocal(header: string | undefined, ownHost: string): boolean {
  const host = header?.replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]' || host === ownHost.toLowerCase();
}
