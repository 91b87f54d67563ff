/** Serves the metrics over HTTP. */
import { type Exchange, type HttpServer, sendText, startHttpServer } from '../platform/http-server.ts';
import { redact } from '../platform/redact.ts';

const PATH = '/metrics';
/** Version 0.0.4 of the text format. Without the charset some clients decode labels as Latin-1. */
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

export interface EndpointOptions {
  readonly host: string;
  /** 0 uses any free port. */
  readonly port: number;
  /** Returns the current metrics in the text format. After a rejection the answer is status 500 with the error. */
  readonly metrics: () => Promise<string>;
}

/**
 * Starts the server. Its `url` is the whole address, with `/metrics`.
 *
 * @throws the error of the system (`EADDRINUSE`, `EACCES`, ...) when it cannot listen
 */
export async function startEndpoint({ host, port, metrics }: EndpointOptions): Promise<HttpServer> {
  const { url, close } = await startHttpServer({ host, port, handle: (exchange) => answer(exchange, metrics) });
  return { url: `${url}${PATH}`, close };
}

async function answer({ request, response, path }: Exchange, metrics: () => Promise<string>): Promise<void> {
  if (path !== PATH) return sendText(response, 404, `Metrics are at ${PATH}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendText(response, 405, `Metrics are read with GET, not ${request.method}\n`);
  }
  try {
    sendText(response, 200, await metrics(), EXPOSITION);
  } catch (error) {
    sendText(response, 500, `Metrics could not be collected: ${redact(String(error))}\n`);
  }
}
