/** Takes traces by OTLP over HTTP, as a collector does. */
import { BodyError, readBody } from '../../../platform/body.ts';
import { systemClock } from '../../../platform/clock.ts';
import { foreignText } from '../../../platform/foreign-text.ts';
import { type Exchange, sendJson, sendText } from '../../../platform/http-server.ts';
import { requestedHost } from '../../../platform/local-host.ts';
import type { OtherRequest } from '../../../platform/other-protocol.ts';
import type { ReceiverState } from '../api.ts';
import type { StudioSpan } from '../model/span.ts';
import { methodAdvice, otherProtocolAdvice, PROTOBUF_TYPE, pathAdvice, TRACES_PATH, typeAdvice } from './advice.ts';
import { parseJson } from './parse-json.ts';
import { decodeRequest, encodeResponse, encodeStatus } from './protobuf.ts';
import { readTraceRequest } from './read-request.ts';
import { createRequestLog } from './request-log.ts';

export interface ReceiverOptions {
  /** Called with the spans of each request, in parts, before its answer. When it throws, the sender is asked to send them again. */
  readonly onSpans: (spans: readonly StudioSpan[]) => void;
}

export interface Receiver {
  /** Answers a request that is for a collector: one to a path of OTLP, or one that sends something anywhere else. */
  handle(exchange: Exchange): Promise<void>;
  /** Takes note of a request of a sender that was refused elsewhere. */
  refused(exchange: Pick<Exchange, 'request' | 'path'>, status: number, problem: string): void;
  /** Takes note of a request that is not HTTP/1.1, and returns the text for its sender. */
  other(request: OtherRequest): string;
  state(): ReceiverState;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** What the bodies may need that are arriving at the same time. */
const MAX_ARRIVING_BYTES = 2 * MAX_BODY_BYTES;
const MAX_VALUES = 4_000_000;
/** How many spans are kept at once. */
const PART = 1_000;
/** How long Studio says that only a share is sent, after a span that said so. */
const SAMPLED_MS = 10 * 60_000;

export function createReceiver({ onSpans }: ReceiverOptions): Receiver {
  const log = createRequestLog(() => systemClock.date());
  const arriving = { bytes: 0, most: MAX_ARRIVING_BYTES };
  let received = 0;
  let refused = 0;
  let sampledMs = Number.NEGATIVE_INFINITY;

  async function take(exchange: Exchange, isProtobuf: boolean): Promise<{ spans: number; rejected: number }> {
    const body = await readBody(exchange.request, MAX_BODY_BYTES, arriving);
    const { spans, rejected, sampled } = readTraceRequest(decode(body, isProtobuf));
    try {
      for (let from = 0; from < spans.length; from += PART) {
        // Others are answered between the parts: a request can have some hundred thousand spans.
        if (from > 0) await systemClock.sleep(0);
        onSpans(spans.slice(from, from + PART));
      }
    } catch (error) {
      throw new BodyError(503, `The spans could not be kept: ${(error as Error).message}`, error);
    }
    received += spans.length;
    refused += rejected;
    if (sampled) sampledMs = systemClock.date();
    return { spans: spans.length, rejected };
  }

  /** Answers in the encoding of the request, JSON or protobuf, also with an error. */
  async function receive(exchange: Exchange, isProtobuf: boolean): Promise<void> {
    const { response } = exchange;
    const send = (status: number, json: object, protobuf: Uint8Array) => {
      if (isProtobuf) response.writeHead(status, { 'content-type': PROTOBUF_TYPE }).end(protobuf);
      else sendJson(response, status, json);
    };
    try {
      const { spans, rejected } = await take(exchange, isProtobuf);
      const problem =
        rejected > 0 ? `${rejected} ${rejected === 1 ? 'span' : 'spans'} without valid ids and times` : '';
      note(exchange, 200, problem, spans);
      const partialSuccess = { rejectedSpans: String(rejected), errorMessage: problem };
      send(200, rejected > 0 ? { partialSuccess } : {}, encodeResponse(rejected, problem));
    } catch (error) {
      const status = error instanceof BodyError ? error.status : 400;
      const message = foreignText((error as Error).message);
      note(exchange, status, message);
      if (status === 503) response.setHeader('retry-after', '1');
      send(status, { message }, encodeStatus(message));
    }
  }

  function note({ request, path }: Pick<Exchange, 'request' | 'path'>, status: number, problem: string, spans = 0) {
    const { method = '', headers } = request;
    log.note({ method, path, contentType: headers['content-type'] ?? '', status, spans, problem });
  }

  function refuse(exchange: Exchange, status: number, problem: string): void {
    exchange.request.resume();
    note(exchange, status, foreignText(problem));
    sendText(exchange.response, status, `${foreignText(problem)}\n`);
  }

  return {
    async handle(exchange) {
      const { request, response, path } = exchange;
      response.setHeader('cache-control', 'no-store');
      response.setHeader('x-content-type-options', 'nosniff');
      const type = (request.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
      const typeProblem = typeAdvice(type);
      if (path !== TRACES_PATH) refuse(exchange, 404, pathAdvice(path, baseOf(exchange)));
      else if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        refuse(exchange, 405, methodAdvice(request.method ?? ''));
      } else if (typeProblem !== undefined) refuse(exchange, 415, typeProblem);
      else await receive(exchange, type === PROTOBUF_TYPE);
    },
    refused: (exchange, status, problem) => note(exchange, status, foreignText(problem)),
    other(request) {
      const problem = otherProtocolAdvice(request);
      const { protocol: method, path, contentType } = request;
      log.note({ method, path, contentType, status: 0, spans: 0, problem });
      return problem;
    },
    state: () => ({
      spans: received,
      rejected: refused,
      requests: log.newest(),
      sampled: systemClock.date() - sampledMs < SAMPLED_MS,
    }),
  };
}

/** The address of Studio, as the sender has it. */
function baseOf({ request }: Exchange): string {
  return `http://${requestedHost(request) ?? 'localhost:4318'}`;
}

function decode(body: Buffer, isProtobuf: boolean): unknown {
  try {
    return isProtobuf ? decodeRequest(body, MAX_VALUES) : parseJson(body, MAX_VALUES);
  } catch (error) {
    throw new BodyError(400, `The body could not be decoded: ${(error as Error).message}`, error);
  }
}
