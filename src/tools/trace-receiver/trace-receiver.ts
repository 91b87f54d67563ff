import type { ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../platform/body.ts';
import { type Exchange, sendJson, sendText } from '../../platform/http-server.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { readTraceRequest } from './otlp.ts';
import { loadTraceCodec, type TraceCodec } from './otlp-protobuf.ts';
import type { Trace } from './trace.ts';
import { renderOneTrace, renderTracePage, TRACE_PAGE_POLICY } from './trace-page.ts';
import { createTraceStore, type DroppedCounts, type TraceStore, type TraceStoreLimits } from './trace-store.ts';

export interface TraceReceiverOptions extends TraceStoreLimits {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 4318 */
  readonly port?: number;
}

export interface TraceReceiver {
  /** `http://127.0.0.1:PORT`: the address of the page, and the endpoint for an OTLP exporter. */
  readonly url: string;
  /** The number of all received spans, also of dropped ones. A span that is sent twice counts once. */
  spans(): number;
  dropped(): DroppedCounts;
  /** Newest first. */
  traces(): Trace[];
  /** Closes the server at once and cuts the open requests. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** How a program that sends another signal stops to send it. */
const OFF: Readonly<Record<string, string>> = {
  metrics: 'OTEL_METRICS_EXPORTER=none',
  logs: 'OTEL_LOGS_EXPORTER=none',
  profiles: 'remove their exporter',
};
const PROTOBUF = 'application/x-protobuf';

/**
 * Starts an OTLP/HTTP receiver on this machine. It keeps the last traces in memory and shows them: `POST /v1/traces`
 * accepts JSON and protobuf, `GET /` and `GET /view/ID` are pages, `GET /traces` and `GET /traces/ID` are JSON. The
 * server does not keep the process alive. Protobuf needs the package `protobufjs`: without it, the answer to a protobuf
 * request is 415 with the install line.
 *
 * @throws Error when the port is taken; RangeError for a limit below 1
 */
export async function startTraceReceiver(options: TraceReceiverOptions = {}): Promise<TraceReceiver> {
  const { host = '127.0.0.1', port = 4318, ...limits } = options;
  const store = createTraceStore(limits);
  const handle = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    const method = path === '/v1/traces' ? 'POST' : 'GET';
    const signal = /^\/v1\/(metrics|logs|profiles)$/.exec(path)?.[1];
    if (signal !== undefined) {
      request.resume();
      sendText(
        response,
        404,
        `This receiver takes traces only. Send ${signal} elsewhere, or switch them off: ${OFF[signal]}\n`,
      );
    } else if (request.method !== method) {
      response.setHeader('allow', method);
      sendText(response, 405, `${path} takes ${method}\n`);
    } else if (method === 'POST') await receive(exchange, store);
    else show(response, path, store);
  };
  const { url, close } = await serveLoopback({ name: 'startTraceReceiver', host, port, handle });
  return { url, spans: store.received, dropped: store.dropped, traces: store.traces, close };
}

/** Answers in the encoding of the request, JSON or protobuf, also with an error. */
async function receive({ request, response }: Exchange, store: TraceStore): Promise<void> {
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
    store.add(spans);
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

function parse(body: Buffer, codec: TraceCodec | undefined): unknown {
  try {
    return codec ? codec.decodeRequest(body) : JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new BodyError(400, `The body could not be decoded: ${(error as Error).message}`, error);
  }
}

function show(response: ServerResponse, path: string, store: TraceStore): void {
  const [, , id] = path.split('/');
  const trace = id ? store.trace(id) : undefined;
  const all = () => ({ received: store.received(), dropped: store.dropped(), traces: store.traces() });
  if (path === '/') sendPage(response, renderTracePage(all()));
  else if (path === '/traces') sendJson(response, 200, all());
  else if (trace && path === `/traces/${id}`) sendJson(response, 200, trace);
  else if (trace && path === `/view/${id}`) sendPage(response, renderOneTrace(trace));
  else sendText(response, 404, `${path} does not exist. The paths are /, /traces, /traces/ID and /view/ID\n`);
}

function sendPage(response: ServerResponse, page: string): void {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': TRACE_PAGE_POLICY };
  response.writeHead(200, headers).end(page);
}

function sendProtobuf(response: ServerResponse, status: number, bytes: Uint8Array): void {
  response.writeHead(status, { 'content-type': PROTOBUF }).end(bytes);
}
