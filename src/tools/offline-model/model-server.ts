import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { BodyError, readBody } from '../../platform/body.ts';
import { type Clock, dateOf, systemClock } from '../../platform/clock.ts';
import { type Exchange, sendJson } from '../../platform/http-server.ts';
import { serveLoopback } from '../../platform/loopback.ts';
import { type Api, ApiError, isJson, type Json, type OfflineModel, type Reply } from './api.ts';
import { apiFor } from './apis.ts';
import { type ChaosOptions, createChaos, type Fault } from './chaos.ts';
import { createOfflineModel, OFFLINE_MODELS } from './offline-model.ts';
import { openaiFailure } from './openai-chat.ts';
import { loadTokenizer } from './tokenizer.ts';

export interface ModelServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes any free port. @default 0 */
  readonly port?: number;
  /** Faults on purpose: `true` for the default shares, or a function that gives the fault of the next request. @default false */
  readonly chaos?: boolean | ChaosOptions | (() => Fault);
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
  /** The number of requests to the model so far, also those that were refused or failed. */
  requests(): number;
  /** Closes the server at once and cuts the open requests. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * Starts an offline model on this machine, with the HTTP interfaces of OpenAI (chat completions, responses, embeddings),
 * Anthropic, Google, Ollama, Cohere and Bedrock, whole and as streams; Mistral and Groq speak that of OpenAI. It answers
 * with sentences from the last user message: `offline-small` with at most two, `offline-large` with at most five. It
 * calls a tool whose name is in that message. Tokens are counted with a real tokenizer if the package `gpt-tokenizer` is
 * installed. The server does not keep the process alive.
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
  const nextFault = typeof chaos === 'function' ? chaos : createChaos(chaos, random);
  const tokenizer = await loadTokenizer();
  const model = createOfflineModel({ tokenizer, anyModel, now: () => dateOf(clock) });
  let requests = 0;

  const handle = async (exchange: Exchange) => {
    const { request, response, path } = exchange;
    response.setHeader('x-request-id', `req_${randomUUID()}`);
    const found = request.method === 'POST' ? apiFor(path) : undefined;
    try {
      if (found !== undefined) {
        requests += 1;
        const body = await readJson(exchange);
        await send(exchange, { ...found, reply: found.api.answer(body, found.match, model), nextFault, clock });
      } else {
        answerAboutModels(exchange, model);
      }
    } catch (error) {
      const shown = error instanceof BodyError ? new ApiError(error.status, null, error.message) : error;
      if (!(shown instanceof ApiError)) throw error;
      sendJson(response, shown.status, (found?.api.failure ?? openaiFailure)(shown));
    }
  };

  const { url, close } = await serveLoopback({ name: 'startModelServer', host, port, handle });
  return { baseURL: `${url}/v1`, exactTokens: tokenizer.isExact, requests: () => requests, close };
}

async function readJson({ request }: Exchange): Promise<Json> {
  const text = (await readBody(request, MAX_BODY_BYTES)).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, null, `We could not parse the JSON body of your request: ${(error as Error).message}`);
  }
  if (!isJson(parsed)) throw new ApiError(400, null, 'The JSON body of your request must be an object');
  return parsed;
}

/** OpenAI's list of models, and one of them. */
function answerAboutModels({ request, response, path }: Exchange, model: OfflineModel): void {
  const name = /^\/v1\/models(?:\/(.+))?$/.exec(path);
  if (name === null || request.method !== 'GET')
    throw new ApiError(404, 'unknown_url', `Unknown request URL: ${request.method} ${path}`);
  if (name[1] !== undefined) model.requireModel(name[1]);
  const answer = name[1] === undefined ? { object: 'list', data: OFFLINE_MODELS.map(describe) } : describe(name[1]);
  sendJson(response, 200, answer);
}

interface Sending {
  readonly api: Api;
  readonly reply: Reply;
  readonly nextFault: () => Fault;
  readonly clock: Clock;
}

async function send({ response, signal }: Exchange, { api, reply, nextFault, clock }: Sending): Promise<void> {
  const fault = nextFault();
  if (fault.kind === 'slow') await clock.sleep(fault.delayMs, signal);
  if (fault.kind === 'hang') return;
  if (fault.kind === 'rate_limit') {
    response.setHeader('retry-after-ms', String(fault.retryAfterMs));
    response.setHeader('retry-after', String(Math.ceil(fault.retryAfterMs / 1_000)));
    const message = `Rate limit reached for ${reply.model}. Please try again in ${fault.retryAfterMs}ms.`;
    throw new ApiError(429, 'rate_limit_exceeded', message);
  }
  const failure = new ApiError(500, null, 'The server had an error while processing your request. Sorry about that!');
  if (fault.kind === 'error') throw failure;
  if ('whole' in reply) {
    // Only a stream can tell an error after its beginning.
    if (fault.kind === 'error_event') throw failure;
    const body = Buffer.from(JSON.stringify(reply.whole));
    response.setHeader('content-length', body.length);
    response.writeHead(200, { 'content-type': 'application/json' });
    if (fault.kind === 'cut' || fault.kind === 'stall') writeHalf(response, body, fault.kind === 'cut');
    else response.end(body);
    return;
  }
  const parts = reply.events.map((event) => Buffer.from(event));
  response.setHeader('cache-control', 'no-cache');
  response.writeHead(200, { 'content-type': reply.type });
  if (fault.kind === 'cut') {
    writeHalf(response, Buffer.concat(parts), true);
    return;
  }
  const isWhole = fault.kind === 'none' || fault.kind === 'slow';
  for (const part of isWhole ? parts : parts.slice(0, Math.ceil(parts.length / 2))) response.write(part);
  if (fault.kind === 'error_event') response.write(api.failureEvent(failure));
  if (fault.kind !== 'stall') response.end();
}

/** A cut answer ends after its half, as when a server crashes. Otherwise the rest never comes. */
function writeHalf(response: ServerResponse, body: Buffer, cut: boolean): void {
  response.write(body.subarray(0, body.length / 2), () => cut && response.destroy());
}

function describe(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'tta-primitives' };
}
