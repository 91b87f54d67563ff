import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../platform/body.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { type Exchange, sendJson } from '../../platform/http-server.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { type ChaosOptions, createChaos, type Fault } from './chaos.ts';
import { completion, completionEvents, createEnvelope } from './chat-reply.ts';
import { ChatError, readChatRequest } from './chat-request.ts';
import { answerOffline, modelNotFound, OFFLINE_MODELS } from './offline-model.ts';
import { loadTokenizer, type Tokenizer } from './tokens.ts';

export interface ModelServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Misbehaves on purpose: `true` for the default shares. @default false */
  readonly chaos?: boolean | ChaosOptions;
  /** Numbers from 0 to 1 that decide the faults. @default Math.random */
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface ModelServer {
  /** What an OpenAI client takes as its base: `http://127.0.0.1:PORT/v1`. */
  readonly baseURL: string;
  /** Chat completion requests received so far, refused and failed ones included. */
  requests(): number;
  /** Ends at once, requests under way included. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Starts an offline model that speaks OpenAI's chat completions over HTTP on this machine: `offline-small` answers
 * with about two sentences, `offline-large` with about five, chosen from the last user message. Tokens are counted
 * with a real tokenizer. It holds no process.
 *
 * @throws Error when `gpt-tokenizer` is missing or the port is taken; RangeError for a chaos share outside 0 to 1
 *
 * @example
 * const server = await startModelServer({ chaos: true });
 * const client = new OpenAI({ baseURL: server.baseURL, apiKey: 'offline' });
 */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const { host = '127.0.0.1', port = 0, chaos = false, random = Math.random, clock = systemClock } = options;
  const nextFault = createChaos(chaos, random);
  const tokenizer = await loadTokenizer();
  let requests = 0;

  const handle = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    response.setHeader('x-request-id', `req_${randomUUID()}`);
    try {
      if (path === '/v1/chat/completions' && request.method === 'POST') {
        requests += 1;
        await answerChat(exchange, tokenizer, nextFault, clock);
      } else if (path === '/v1/models' && request.method === 'GET') {
        sendJson(response, 200, { object: 'list', data: OFFLINE_MODELS.map(describeModel) });
      } else if (path.startsWith('/v1/models/') && request.method === 'GET') {
        const model = path.slice('/v1/models/'.length);
        if (!OFFLINE_MODELS.includes(model)) throw modelNotFound(model);
        sendJson(response, 200, describeModel(model));
      } else {
        throw new ChatError(404, 'unknown_url', `Unknown request URL: ${request.method} ${path}`);
      }
    } catch (error) {
      if (error instanceof ChatError) sendJson(response, error.status, error.body);
      else if (error instanceof BodyError)
        sendJson(response, error.status, new ChatError(error.status, null, error.message).body);
      else throw error;
    }
  };

  const { url, close } = await serveLoopback({ name: 'startModelServer', host, port, handle });
  return { baseURL: `${url}/v1`, requests: () => requests, close };
}

async function answerChat(
  exchange: Exchange,
  tokenizer: Tokenizer,
  nextFault: () => Fault,
  clock: Clock,
): Promise<void> {
  const { response, signal } = exchange;
  const chat = readChatRequest((await readBody(exchange.request, MAX_BODY_BYTES)).toString('utf8'));
  const answer = answerOffline(chat, tokenizer);
  const fault = nextFault();
  if (fault.kind === 'slow') await clock.sleep(fault.delayMs, signal);
  if (fault.kind === 'rate_limit') {
    response.setHeader('retry-after-ms', String(fault.retryAfterMs));
    response.setHeader('retry-after', String(Math.ceil(fault.retryAfterMs / 1_000)));
    throw new ChatError(
      429,
      'rate_limit_exceeded',
      `Rate limit reached for ${chat.model}. Please try again in ${fault.retryAfterMs}ms.`,
    );
  }
  if (fault.kind === 'error') {
    throw new ChatError(500, null, 'The server had an error while processing your request. Sorry about that!');
  }
  const envelope = createEnvelope(chat.model, clock.now());
  const parts = chat.stream
    ? completionEvents(envelope, answer, tokenizer.pieces(answer.text), chat.includeUsage)
    : [JSON.stringify(completion(envelope, answer))];
  const type = chat.stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  send(response, type, parts, fault.kind === 'cut');
}

/** A cut answer promises its whole length and breaks off half way, as a dying server does. */
function send(response: ServerResponse, type: string, parts: readonly string[], cut: boolean): void {
  const body = Buffer.from(parts.join(''));
  if (type === 'application/json') response.setHeader('content-length', body.length);
  else response.setHeader('cache-control', 'no-cache');
  response.writeHead(200, { 'content-type': type });
  if (cut) {
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
    return;
  }
  for (const part of parts) response.write(part);
  response.end();
}

function describeModel(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'tta-primitives' };
}
