/** Takes traces by OTLP over HTTP, as a collector does. */
import type { ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../../platform/body.ts';
import { type Exchange, sendJson, sendText } from '../../../platform/http-server.ts';
import type { ReceiverState } from '../api.ts';
import type { StudioSpan } from '../model/span.ts';
import { loadTraceCodec, type TraceCodec } from './protobuf.ts';
import { readTraceRequest } from './read-request.ts';

export interface ReceiverOptions {
  /** Called with the spans of each request, before its answer. */
  readonly onSpans: (spans: readonly StudioSpan[]) => void;
}

export interface Receiver {
  /** Answers a request whose path begins with `/v1/`. */
  handle(exchange: Exchange): Promise<void>;
  state(): ReceiverState;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** How a program that sends another signal stops to send it. */
const OFF: Readonly<Record<string, string>> = {
  metrics: 'OTEL_METRICS_EXPORTER=none',
  logs: 'OTEL_LOGS_EXPORTER=none',
  profiles: 'remove their exporter',
};
const PROTOBUF = 'application/x-protobuf';

export function createReceiver({ onSpans }: ReceiverOptions): Receiver {
  let received = 0;
  let refused = 0;

  /** Answers in the encoding of the request, JSON or protobuf, also with an error. */
  async function receive({ request, response }: Exchange): Promise<void> {
    const type = (request.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
    let codec: TraceCodec | undefined;
    try {
      if (type === PROTOBUF) codec = await loadTraceCodec();
      else if (type !== 'application/json') {
        throw new BodyError(415, `The content type must be application/json or ${PROTOBUF}, got ${type || 'none'}`);
      }
    } catch (error) {
      request.resume();
      sendText(response, 415, `${(error as Error).message}\n`);
      return;
    }
    try {
      const body = await readBody(request, MAX_BODY_BYTES);
      const { spans, rejected } = readTraceRequest(parse(body, codec));
      received += spans.length;
      refused += rejected;
      onSpans(spans);
      const errorMessage = rejected > 0 ? `${rejected} spans without valid ids and times` : '';
      const partialSuccess = { rejectedSpans: String(rejected), errorMessage };
      if (codec) sendProtobuf(response, 200, codec.encodeResponse(rejected, errorMessage));
      else sendJson(response, 200, rejected > 0 ? { partialSuccess } : {});
    } catch (error) {
      const { message } = error as Error;
      const status = error instanceof BodyError ? error.status : 400;
      if (codec) sendProtobuf(response, status, codec.encodeStatus(message));
      else sendJson(response, status, { message });
    }
  }

  return {
    async handle(exchange) {
      const { request, response, path } = exchange;
      response.setHeader('cache-control', 'no-store');
      response.setHeader('x-content-type-options', 'nosniff');
      const signal = /^\/v1\/(metrics|logs|profiles)$/.exec(path)?.[1];
      if (signal !== undefined) {
        request.resume();
        const text = `Studio takes traces only. Send ${signal} elsewhere, or switch them off: ${OFF[signal]}\n`;
        sendText(response, 404, text);
      } else if (path !== '/v1/traces') sendText(response, 404, `${path} does not exist. Send spans to /v1/traces\n`);
      else if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        sendText(response, 405, `${path} takes POST\n`);
      } else await receive(exchange);
    },
    state: () => ({ spans: received, rejected: refused, requests: [], sampled: false }),
  };
}

function parse(body: Buffer, codec: TraceCodec | undefined): unknown {
  try {
    return codec ? codec.decodeRequest(body) : JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new BodyError(400, `The body could not be decoded: ${(error as Error).message}`, error);
  }
}

function sendProtobuf(response: ServerResponse, status: number, bytes: Uint8Array): void {
  response.writeHead(status, { 'content-type': PROTOBUF }).end(bytes);
}
