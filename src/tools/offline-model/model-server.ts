import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../platform/body.ts';
import { type Clock, dateOf, systemClock } from '../../platform/clock.ts';
import { type Exchange, sendJson } from '../../platform/http-server.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { type ChaosOptions, createChaos, type Fault } from './chaos.ts';
import { completion, completionEvents, createReplyHeader } from './chat-reply.ts';
import { ChatError, readChatRequest } from './chat-request.ts';
import { answerOffline, modelNotFound, OFFLINE_MODELS } from './offline-model.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

export interface ModelServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Faults on purpose: `true` for the default shares. @default false */
  readonly chaos?: boolean | ChaosOptions;
  /** Whether a model with any name answers, so that a program need not be changed. @default false: only the offline models */
  readonly anyModel?: boolean;
  /** Returns the numbers from 0 to 1 that decide the faults. @default Math.random */
  readonly random?: () => number;
  readonly clock?: Clock;
}

export interface ModelServer {
  /** The `baseURL` for an OpenAI client: `http://127.0.0.1:PORT/v1`. */
  readonly baseURL: string;
  /** Whether tokens are counted by the package `gpt-tokenizer`. Otherwise they are estimated. */
  readonly exactTokens: boolean;
  /** The number of chat completion requests so far, also those that were refused or failed. */
  requests(): number;
  /** Closes the server at once and cuts the open requests. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Starts an offline model with the HTTP interface of OpenAI's chat completions on this machine. It answers with
 * sentences from the last user message: `offline-small` with at most two, `offline-large` with at most five. Tokens
 * are counted with a real tokenizer if the package `gpt-tokenizer` is installed. The server does not keep the process
 * alive.
 *
 * @throws Error when the port is taken; RangeError for a chaos share outside 0 to 1
 *
 * @example
 * const server = await startModelServer({ chaos: true });
 * const client = new OpenAI({ baseURL: server.baseURL, apiKey: 'offline' });
 */
export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const { host = '127.0.0.1', port = 0, chaos = false, random = Math.random } = options;
  const { anyModel = false, clock = systemClock } = options;
  const nextFault = createChaos(chaos, random);
  const tokenizer = await loadTokenizer();
  let requests = 0;

  const handle = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    response.setHeader('x-request-id', `req_${randomUUID()}`);
    try {
      if (path === '/v1/chat/completions' && request.method === 'POST') {
        requests += 1;
        await answerChat(exchange, { tokenizer, anyModel, nextFault, clock });
      } else if (path === '/v1/models' && request.method === 'GET') {
        sendJson(response, 200, { object: 'list', data: OFFLINE_MODELS.map(describeModel) });
      } else if (path.startsWith('/v1/models/') && request.method === 'GET') {
        const model = path.slice('/v1/models/'.length);
        if (!anyModel && !OFFLINE_MODELS.includes(model)) throw modelNotFound(model);
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
  return { baseURL: `${url}/v1`, exactTokens: tokenizer.isExact, requests: () => requests, close };
}

interface Answering {
  readonly tokenizer: Tokenizer;
  readonly anyModel: boolean;
  readonly nextFault: () => Fault;
  readonly clock: Clock;
}

async function answerChat(exchange: Exchange, { tokenizer, anyModel, nextFault, clock }: Answering): Promise<void> {
  const { response, signal } = exchange;
  const chat = readChatRequest((await readBody(exchange.request, MAX_BODY_BYTES)).toString('utf8'));
  const answer = answerOffline(chat, tokenizer, anyModel);
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
  const header = createReplyHeader(chat.model, dateOf(clock));
  const parts = chat.stream
    ? completionEvents(header, answer, tokenizer.pieces(answer.text), chat.includeUsage)
    : [JSON.stringify(completion(header, answer))];
  const type = chat.stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  send(response, type, parts, fault.kind === 'cut');
}

/** A cut answer announces its whole length and ends after half of it, as when a server crashes. */
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
