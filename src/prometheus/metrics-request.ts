/** Answers a request for the metrics, in our own server or in the server of the program. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { messageOf } from '../platform/message-of.ts';
import { redact } from '../platform/redact.ts';
import { type Answer, answerOf, send, textAnswer } from './answer.ts';
import { CONTENT_TYPE, type Format, type Parts } from './format.ts';
import { formatFor, wantsGzip } from './negotiate.ts';
import { isAuthorized } from './token.ts';

/** Gives the current metrics. After a rejection the answer is status 503 with the error. */
export type Read = (format: Format, timeoutMs?: number) => Promise<Parts>;

export interface Door {
  /** Requests must have this bearer token; `undefined` asks for none. */
  readonly token?: string | undefined;
  readonly read: Read;
}

/** The part of a standard `Request` that is read. */
export interface WebRequest {
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** For a server of `node:http`, and of what is built on it. Never rejects. */
export async function answerNode(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
  try {
    send(request, response, await answerTo(request.method, (name) => request.headers[name]?.toString(), door));
  } catch {
    // The server of the program may have changed the response in the meantime.
    response.destroy();
  }
}

/** For a server that speaks the standard `Request` and `Response`. */
export async function answerWeb({ method, headers }: WebRequest, door: Door): Promise<Response> {
  const answer = await answerTo(method, (name) => headers.get(name) ?? undefined, door);
  return new Response(method === 'HEAD' ? null : streamOf(answer.body), {
    status: answer.status,
    headers: answer.headers,
  });
}

/** Clients that share a scrape share its bytes: a slow one gets them as it reads, and has no copy of all of them. */
function streamOf(parts: Parts): ReadableStream<Uint8Array> {
  const rest = parts.values();
  return new ReadableStream(
    {
      pull(controller) {
        const { value } = rest.next();
        if (value === undefined) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

async function answerTo(
  method: string | undefined,
  header: (name: string) => string | undefined,
  { token, read }: Door,
): Promise<Answer> {
  if (!isRead(method)) return refusedMethod(method);
  const authorization = header('authorization');
  if (!isAuthorized(authorization, token)) {
    const challenge = `Bearer realm="metrics"${authorization === undefined ? '' : ', error="invalid_token"'}`;
    return textAnswer(401, 'Metrics are read with a bearer token\n', { 'www-authenticate': challenge });
  }
  try {
    const format = formatFor(header('accept'));
    const body = await read(format, timeoutFrom(header('x-prometheus-scrape-timeout-seconds')));
    const type = { 'content-type': CONTENT_TYPE[format] };
    if (!wantsGzip(header('accept-encoding'))) return answerOf(200, body, type);
    return answerOf(200, await zippedOf(body), { ...type, 'content-encoding': 'gzip' });
  } catch (error) {
    return textAnswer(503, `Metrics could not be collected: ${redact(messageOf(error))}\n`);
  }
}

/** A little less than what Prometheus waits: the metrics must be written and sent in that time too. */
function timeoutFrom(seconds: string | undefined): number | undefined {
  const ms = Number(seconds) * 1_000;
  return ms > 0 ? Math.max(ms / 2, ms - 1_000) : undefined;
}

export function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD';
}

export function refusedMethod(method: string | undefined): Answer {
  return textAnswer(405, `This address is read with GET, not with ${method}\n`, { allow: 'GET, HEAD' });
}

const zip = promisify(gzip);
const zipped = new WeakMap<Parts, Promise<readonly Buffer[]>>();

/** Clients that share a scrape share its compression, which runs in another thread. */
function zippedOf(body: Parts): Promise<Parts> {
  const before = zipped.get(body);
  if (before !== undefined) return before;
  const now = zip(Buffer.concat(body), { level: constants.Z_BEST_SPEED }).then((whole) => [whole]);
  zipped.set(body, now);
  return now;
}
