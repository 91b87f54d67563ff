import { type HttpServer, type HttpServerOptions, sendText, startHttpServer } from './http-server.ts';

export interface LoopbackOptions extends HttpServerOptions {
  /** The name of the function that starts the server: the first word of the error message. */
  readonly name: string;
}

/**
 * Starts an HTTP server for this machine only. It does not keep the process alive. It refuses requests whose Host header
 * names another machine: a web page can make a browser send such requests, with DNS rebinding.
 *
 * @throws Error that names host and port when it cannot listen; its cause is the error of the system
 */
export async function serveLoopback({ name, host, port, handle }: LoopbackOptions): Promise<HttpServer> {
  const server = startHttpServer({
    host,
    port,
    handle(exchange) {
      const requestedHost = exchange.request.headers.host;
      if (isLocal(requestedHost, host)) return handle(exchange);
      sendText(
        exchange.response,
        403,
        `This server answers requests to localhost only, not to ${requestedHost ?? 'no host'}\n`,
      );
    },
  });
  return server.catch((error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE';
    const reason = taken ? 'the port is taken: pass another one, or 0 for any free one' : error.message;
    throw new Error(`${name}: cannot listen on ${host} port ${port}: ${reason}`, { cause: error });
  });
}

function isLocal(header: string | undefined, ownHost: string): boolean {
  const host = header?.replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]' || host === ownHost.toLowerCase();
}
