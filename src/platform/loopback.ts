import { type HttpServer, type HttpServerOptions, sendText, startHttpServer } from './http-server.ts';
import { isForThisMachine, requestedHost } from './local-host.ts';

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
export async function serveLoopback({ name, handle, ...options }: LoopbackOptions): Promise<HttpServer> {
  const { host, port } = options;
  const server = startHttpServer({
    ...options,
    handle(exchange) {
      if (isForThisMachine(exchange.request, [host])) return handle(exchange);
      const asked = requestedHost(exchange.request);
      sendText(exchange.response, 403, `This server answers requests to localhost only, not to ${asked}\n`);
    },
  });
  return server.catch((error: NodeJS.ErrnoException) => {
    throw cannotListen({ name, host, port }, error);
  });
}

/** The error of a server that cannot listen. Its cause is the error of the system. */
export function cannotListen(
  { name, host, port }: Pick<LoopbackOptions, 'name' | 'host' | 'port'>,
  error: NodeJS.ErrnoException,
): Error {
  const taken = error.code === 'EADDRINUSE';
  const reason = taken ? 'the port is taken: pass another one, or 0 for any free one' : error.message;
  return new Error(`${name}: cannot listen on ${host} port ${port}: ${reason}`, { cause: error });
}
