import { request } from 'node:http';
import { connect } from 'node:net';

/** Sends a request with the given headers, and any path. `fetch` allows neither the header Host nor every path. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; path?: string } = {},
  body?: string | Uint8Array,
): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Opens a TCP connection and writes a text. `ended` resolves when the connection is closed. */
export function openConnection(url: string, text: string): Promise<{ ended: Promise<void> }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const ended = new Promise<void>((done) => socket.on('close', () => done()));
    socket.on('error', reject);
    socket.resume();
    socket.on('connect', () => socket.write(text, () => resolve({ ended })));
  });
}

/** A promise and the function that resolves it. */
export function createDeferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
