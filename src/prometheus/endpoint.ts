/**
 * The scrape over HTTP. Neither the server nor a scraper that keeps its connection, or never finishes its request,
 * keeps the process alive or delays `close`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATH = '/metrics';
const PLAIN_TEXT = 'text/plain; charset=utf-8';
/** Version 0.0.4 of the text format; without the charset some readers take the labels for Latin-1. */
const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';

export interface EndpointOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The exposition of this moment. A rejection is answered with 500 and its reason. */
  readonly metrics: () => Promise<string>;
}

export interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects with the system's error (`EADDRINUSE`, `EACCES`, ...) where it cannot listen. */
export async function startEndpoint({ host, port, metrics }: EndpointOptions): Promise<Endpoint> {
  const server = createServer((request, response) => {
    answer(request, response, metrics).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else reply(response, 500, PLAIN_TEXT, `Metrics could not be collected: ${String(error)}\n`);
    });
  });
  server.on('connection', (socket) => socket.unref());
  await listen(server, host, port);
  return {
    url: urlOf(host, server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, metrics: () => Promise<string>) {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== PATH) return reply(response, 404, PLAIN_TEXT, `Metrics are at ${PATH}\n`);
  if (request.method === 'GET' || request.method === 'HEAD') {
    return reply(response, 200, EXPOSITION, await metrics());
  }
  response.setHeader('allow', 'GET, HEAD');
  reply(response, 405, PLAIN_TEXT, `Metrics are read with GET, not ${request.method}\n`);
}

function reply(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: a connection that cannot be accepted later on is an error event too, and the scraper's to try again.
    server.on('error', reject);
    // Exclusive: a cluster's workers must not answer in turns for one another.
    server.listen({ host, port, exclusive: true }, resolve);
    server.unref();
  });
}

/** Where every address is listened on, the one that a browser on this machine reaches. */
function urlOf(host: string, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}${PATH}`;
}
