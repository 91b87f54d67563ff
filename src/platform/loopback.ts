import { type HttpServer, type HttpServerOptions, sendText, startHttpServer } from './http-server.ts';

export interface LoopbackOptions extends HttpServerOptions {
  /** What is being started, as the first word of an error's sentence. */
  readonly name: string;
}

/**
 * An HTTP server for this machine only. It keeps no process alive, and refuses requests that a web page could make a
 * browser send: those whose Host header names another machine (DNS rebinding).
 *
 * @throws Error that names host and port when it cannot listen; its cause is the system's error
 */
export async function serveLoopback({ name, host, port, handle }: LoopbackOptions): Promise<HttpServer> {
  const server = startHttpServer({
    host,
    port,
    handle(exchange) {
      const asked = exchange.request.headers.host;
      if (isLocal(asked, host)) return handle(exchange);
      sendText(
        exchange.response,
        403,
        `This server answers requests to localhost only, not to ${asked ?? 'no host'}\n`,
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
