/** An answer over HTTP, and how it is sent: a client that reads slowly holds it in memory, within limits. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { inBackground } from '../platform/background.ts';
import type { Parts } from './format.ts';
import { inSlices } from './slices.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Parts;
}

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

/** The bodies that are being read, the oldest first, and their readers. */
const readers = new Map<Parts, Set<ServerResponse>>();

export function send({ method }: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  if (!readers.has(body)) makeRoomFor(body);
  const all = readers.get(body) ?? new Set();
  readers.set(body, all.add(response));
  const end = () => {
    cancel();
    all.delete(response);
    if (all.size === 0) readers.delete(body);
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
  if (method === 'HEAD') response.end();
  else if (body.length === 1) response.end(body[0]);
  else writeInTurn(response, body);
}

/** What is still to be written, the oldest first. */
const unwritten = new Map<ServerResponse, Parts>();
let isWriting = false;

/** The system copies what it can take at once: a large answer to many clients would hold up all other work. */
function writeInTurn(response: ServerResponse, body: Parts): void {
  unwritten.set(response, body);
  if (isWriting) return;
  isWriting = true;
  void inSlices(writeAll());
}

function* writeAll(): Generator<void> {
  for (const [response, body] of unwritten) {
    unwritten.delete(response);
    try {
      for (const part of body) {
        if (response.destroyed || response.writableEnded) break;
        response.write(part);
        yield;
      }
      response.end();
    } catch {
      // The server of the program may have another `write`.
      response.destroy();
    }
  }
  isWriting = false;
}

/** Cuts off those who have read for the longest time: Prometheus has its answer within milliseconds. */
function makeRoomFor(body: Parts): void {
  let bytes = lengthOf(body) + lengthOf([...readers.keys()].flat());
  for (const [oldest, responses] of readers) {
    if (bytes <= MAX_BYTES) return;
    bytes -= lengthOf(oldest);
    readers.delete(oldest);
    for (const response of responses) response.destroy();
  }
}

function lengthOf(parts: Parts): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
