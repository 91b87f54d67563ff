/** The client of the collector: one request, one verdict, within one deadline for all of it. */
import * as http from 'node:http';
import * as https from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { inBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { readProperty } from '../platform/read-property.ts';
import { printable, type Verdict, verdictOn } from './answer.ts';

/** OTLP answers have some hundred bytes. More is not read. */
const MOST_ANSWER_BYTES = 64 * 1024;
/** In this context instrumentations do not trace the request: the key of `suppressTracing` of `@opentelemetry/core`. */
const UNTRACED = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);

const compressed = promisify(gzip);

export interface CollectorOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly tls: Partial<Readonly<Record<'ca' | 'cert' | 'key', Buffer>>>;
  readonly timeoutMs: number;
}

export interface SentRequest {
  readonly verdict: Promise<Verdict>;
  /** Whether the operating system has the whole request: it is sent even if the process ends. */
  isHandedOver(): boolean;
}

export class CollectorClient {
  readonly #options: CollectorOptions;
  readonly #agent: http.Agent;

  constructor(options: CollectorOptions) {
    this.#options = options;
    const Agent = options.url.protocol === 'https:' ? https.Agent : http.Agent;
    this.#agent = new Agent({ keepAlive: true, ...options.tls });
  }

  send(body: Uint8Array): SentRequest {
    const state = { handedOver: false };
    const verdict =
      this.#options.compression === 'gzip'
        ? compressed(body).then((data) => this.#post(data, state))
        : this.#post(body, state);
    return { verdict, isHandedOver: () => state.handedOver };
  }

  #post(body: Uint8Array, state: { handedOver: boolean }, isSecond = false): Promise<Verdict> {
    return new Promise((resolve) => {
      const { url, timeoutMs } = this.#options;
      const request = context.with(UNTRACED, () =>
        (url.protocol === 'https:' ? https : http).request(url, {
          ...requestOptions(this.#options, body),
          agent: this.#agent,
        }),
      );
      const settle = (verdict: Verdict) => {
        cancel();
        resolve(verdict);
      };
      // Of the whole exchange: a collector that answers one byte at a time is one that does not answer.
      const cancel = inBackground(timeoutMs, () => {
        settle({ kind: 'timed_out', reason: `no answer within ${timeoutMs} ms` });
        request.destroy();
      });
      request.on('finish', () => {
        state.handedOver = true;
      });
      request.on('response', (response) => void read(response).then(settle));
      request.on('error', (error) => {
        // The collector closed an idle connection in the moment in which it was used again.
        if (request.reusedSocket && !isSecond && readProperty(error, 'code') === 'ECONNRESET') {
          cancel();
          resolve(this.#post(body, state, true));
        } else settle({ kind: 'unreachable', reason: reasonOf(error) });
      });
      request.end(body);
    });
  }
}

/** The URL without user, password and query: each of them can be a secret. */
export function withoutSecrets(url: URL): string {
  return url.origin + url.pathname;
}

/** Method, headers and length: also those of the last requests, which another thread sends. */
export function requestOptions({ headers, compression }: CollectorOptions, body: Uint8Array) {
  return {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': body.byteLength,
      ...(compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    },
  };
}

function read(response: http.IncomingMessage): Promise<Verdict> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (body: string | undefined) => {
      const { statusCode = 0, statusMessage = '', headers } = response;
      const { 'content-type': contentType = '', 'retry-after': retryAfter } = headers;
      resolve(
        verdictOn({ status: statusCode, statusText: statusMessage, contentType, retryAfter, body }, systemClock.date()),
      );
    };
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MOST_ANSWER_BYTES) chunks.push(chunk);
      else {
        finish(undefined);
        response.destroy();
      }
    });
    response.on('end', () => finish(Buffer.concat(chunks).toString()));
    response.on('error', () => finish(Buffer.concat(chunks).toString()));
  });
}

function reasonOf(error: Error): string {
  // A name with several addresses gives an AggregateError without a message.
  const [first = error] = (readProperty(error, 'errors') ?? []) as readonly Error[];
  const code = readProperty(first, 'code');
  const { message } = first;
  return printable(typeof code === 'string' && !message.includes(code) ? `${code} ${message}` : message);
}
