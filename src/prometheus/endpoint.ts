/** Serves the metrics over HTTP. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpServer, sendText, startHttpServer } from '../platform/http-server.ts';
import { messageOf } from '../platform/message-of.ts';
import { redact } from '../platform/redact.ts';
import { CONTENT_TYPE, type Format } from './render.ts';
import type { Parts } from './scrapes.ts';

/** Gives the current metrics. After a rejection the answer is status 503 with the error. */
export type Read = (format: Format) => Promise<Parts>;

export interface EndpointOptions {
  readonly host: string;
  /** 0 uses any free port. */
  readonly port: number;
  /** @default /metrics */
  readonly path?: string | undefined;
  readonly read: Read;
}

/**
 * Starts the server. Its `url` is the whole address, with the path.
 *
 * @throws the error of the system (`EADDRINUSE`, `EACCES`, ...) when it cannot listen
 */
export async function startEndpoint({ host, port, path = '/metrics', read }: EndpointOptions): Promise<HttpServer> {
  const { url, close } = await startHttpServer({
    host,
    port,
    handle: (exchange) =>
      exchange.path === path
        ? answerScrape(exchange.request, exchange.response, read)
        : sendText(exchange.response, 404, `Metrics are at ${path}\n`),
  });
  return { url: `${url}${path}`, close };
}

/** Answers one request for the metrics. Never rejects. */
export async function answerScrape(request: IncomingMessage, response: ServerResponse, read: Read): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendText(response, 405, `Metrics are read with GET, not ${request.method}\n`);
  }
  try {
    const body = Buffer.concat(await read('text'));
    response.writeHead(200, { 'content-type': CONTENT_TYPE.text, 'content-length': body.length }).end(body);
  } catch (error) {
    sendText(response, 503, `Metrics could not be collected: ${redact(messageOf(error))}\n`);
  }
}
