/** An answer over HTTP, and how it is sent: a client that reads slowly holds it in memory, within limits. */
import type { ServerResponse } from 'node:http';
import { inBackground } from '../platform/background.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Parts;
}

/** A text in UTF-8, perhaps compressed. */
type Parts = readonly Uint8Array[];

/** The longest that a client may take to read an answer. Prometheus waits for 10 seconds unless it is told otherwise. */
const SEND_TIMEOUT_MS = 30_000;
/** The most bytes of answers that are being read. One answer to many clients counts once. */
const MAX_BYTES = 64 * 1024 * 1024;

const HEADERS = {
  'cache-control': 'no-store',
  // For a proxy that keeps answers nevertheless.
  vary: 'Accept, Accept-Encoding, Authorization',
  'x-content-type-options': 'nosniff',
};

export function answerOf(status: number, body: Parts, headers: Readonly<Record<string, string>>): Answer {
  return { status, headers: { ...HEADERS, ...headers, 'content-length': String(lengthOf(body)) }, body };
}

export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return answerOf(status, [Buffer.from(text)], { 'content-type': 'text/plain; charset=utf-8', ...headers });
}

/** The bodies that are being read, and by how many clients. */
const readers = new Map<Parts, number>();

/** A body that is larger than all that may be read at once is sent too, when it is the only one. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers, body } = hasRoomFor(answer.body) ? answer : textAnswer(503, TOO_SLOW);
  readers.set(body, (readers.get(body) ?? 0) + 1);
  let isRead = false;
  const end = () => {
    if (isRead) return;
    isRead = true;
    cancel();
    const others = (readers.get(body) ?? 1) - 1;
    if (others === 0) readers.delete(body);
    else readers.set(body, others);
  };
  const cancel = inBackground(SEND_TIMEOUT_MS, () => {
    response.destroy();
    // A response that waits for another one of its connection has no event.
    end();
  });
  response.once('close', end);
  // The server of the program may have said already what its answers depend on.
  const { vary, ...others } = headers;
  if (vary !== undefined) response.appendHeader('vary', vary);
  response.writeHead(status, others);
  // Node.js writes them at once.
  if (response.req.method !== 'HEAD') for (const part of body) response.write(part);
  response.end();
}

const TOO_SLOW = 'Other clients have not read their metrics yet\n';

function hasRoomFor(body: Parts): boolean {
  const bytes = lengthOf([...readers.keys()].flat());
  return readers.has(body) || bytes === 0 || bytes + lengthOf(body) <= MAX_BYTES;
}

function lengthOf(parts: Parts): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
