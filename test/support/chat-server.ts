/** A server that answers each request for a chat completion as the test says, and remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface ChatServer {
  readonly baseURL: string;
  readonly asked: Asked[];
  /** How the next requests are answered. */
  answer: Answer;
  close(): void;
}

export async function startChatServer(): Promise<ChatServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = { path: request.url ?? '', headers: request.headers, body: (await readJson(request)) as Asked['body'] };
    asked.push(one);
    chat.answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const chat: ChatServer = {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    answer: json(completion('Hello')),
    close: () => void server.close(),
  };
  return chat;
}

export const USAGE = { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000 };

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Parts of a stream: objects as JSON, texts as they are. */
export function sse(...parts: readonly (object | string)[]): Answer {
  return (response) => {
    response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    for (const part of parts) response.write(`data: ${typeof part === 'string' ? part : JSON.stringify(part)}\n\n`);
    response.end();
  };
}

export function completion(content: unknown, more: object = {}, choice: object = {}) {
  const message = { role: 'assistant', content, ...more };
  return {
    id: 'r',
    model: 'gpt-4-0613',
    choices: [{ index: 0, message, finish_reason: 'stop', ...choice }],
    usage: USAGE,
  };
}

export function chunk(delta: object, finish_reason: string | null = null, more: object = {}) {
  return { id: 'r', model: 'gpt-4-0613', choices: [{ index: 0, delta, finish_reason, ...more }] };
}

export async function read(chunks: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const part of chunks) all += part;
  return all;
}
