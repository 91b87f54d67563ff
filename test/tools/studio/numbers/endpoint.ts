import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers each request in the way that was set last. It ends with the test. */
export async function endpoint(
  first: Answer,
): Promise<{ readonly url: string; set(next: Answer): void; close(): void }> {
  let answer = first;
  const server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      answer = next;
    },
    close,
  };
}

/** An answer with metrics. */
export function metrics(lines: Readonly<Record<string, number>>): Answer {
  const text = Object.entries(lines).map(([name, value]) => `${name} ${value}\n`);
  return (_, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text.join(''));
}
