/** How a reply over HTTP may end: what `llm` rejects, `llmStream` rejects too. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fallback, llm, llmStream, openAICompatible, retry, stream } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const USAGE = { prompt_tokens: 1_000, completion_tokens: 1_000 };
let answer: (response: ServerResponse, streams: boolean) => void;
let server: Server;
let baseURL: string;
let telemetry: TestTelemetry;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    answer(response, JSON.parse(body).stream === true);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => void server.close());
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

type Parts = readonly (object | string)[];
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'r',
  choices: [{ index: 0, delta, finish_reason }],
});
const text = (content: string | null) => chunk({ content });
const end = (reason = 'stop') => chunk({}, reason);
const usage = { id: 'r', choices: [], usage: USAGE };
const sse = (parts: Parts) => (response: ServerResponse) => {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  for (const part of parts) response.write(`data: ${typeof part === 'string' ? part : JSON.stringify(part)}\n\n`);
  response.end();
};
const json = (body: unknown) => (response: ServerResponse) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
};
const message = (content: string | null, finish_reason: string | null, more = {}) => ({
  id: 'r',
  choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason }],
  usage: USAGE,
});

const model = () => openAICompatible({ baseURL, model: 'gpt-4', provider: 'openai' });
async function read(chunks: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const part of chunks) all += part;
  return all;
}

describe('a streamed reply', () => {
  it.each<[string, Parts, string]>([
    ['with an end mark', [text('Hello'), end(), '[DONE]'], 'Hello'],
    ['that was as long as it may be', [text('Hello'), end('length'), usage, '[DONE]'], 'Hello'],
    ['without [DONE]', [text('Hello'), end(), usage], 'Hello'],
    ['whose usage alone says that it is whole', [text('Hello'), usage, '[DONE]'], 'Hello'],
    ['with an empty text', [text(''), end(), '[DONE]'], ''],
  ])('is an answer %s', async (_, parts, whole) => {
    answer = sse(parts);
    await expect(read(await llmStream(model()).execute('hi'))).resolves.toBe(whole);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'success' }, 1);
  });

  it.each<[string, Parts, string]>([
    ['has nothing', [], 'without a text (finish reason: none)'],
    ['has an end mark only', ['[DONE]'], 'without a text (finish reason: none)'],
    ['has no text', [chunk({ role: 'assistant' }), end(), '[DONE]'], 'without a text (finish reason: stop)'],
    [
      'calls tools only',
      [chunk({ content: null, tool_calls: [{}] }), end('tool_calls')],
      '(finish reason: tool_calls)',
    ],
    [
      'calls tools beside an empty text',
      [chunk({ content: '', tool_calls: [{}] }), end('stop')],
      '(finish reason: stop)',
    ],
    ['was filtered', [text(''), end('content_filter'), '[DONE]'], '(finish reason: content_filter)'],
    ['was refused', [text(''), chunk({ refusal: 'I cannot' }), end(), '[DONE]'], '(finish reason: stop)'],
    ['was cut off before its first word', [text('')], 'cut off'],
    ['has an error', [{ error: { message: 'overloaded', code: 'busy' } }], 'overloaded'],
  ])('that %s rejects the execution', async (_, parts, why) => {
    answer = sse(parts);
    await expect(llmStream(model()).execute('hi')).rejects.toThrow(why);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each<[string, Parts, string]>([
    ['is cut off without an end mark', [text('Hello '), text('wor')], 'cut off'],
    ['is cut off before [DONE] only', [text('Hello '), '[DONE]'], 'cut off'],
    ['has an error', [text('Hello '), { error: { message: 'overloaded' } }], 'overloaded'],
    ['is cut by a filter', [text('Hello '), end('content_filter'), '[DONE]'], 'a content filter stopped it'],
    ['is refused', [text('Hello '), chunk({ refusal: 'I cannot' }), end(), '[DONE]'], 'it refused'],
  ])('that %s after some text fails for its reader', async (_, parts, why) => {
    answer = sse(parts);
    const chunks = await llmStream(model()).execute('hi');
    await expect(chunks.next()).resolves.toMatchObject({ value: 'Hello ' });
    await expect(read(chunks)).rejects.toThrow(why);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 1);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 1);
  });

  it('is refused, and billed, where the server answers with JSON', async () => {
    answer = json(message('Hello', 'stop'));
    await expect(llmStream(model()).execute('hi')).rejects.toThrow('the server answered with JSON');
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.09);
  });

  it('is billed for the usage that came before it failed', async () => {
    answer = sse([chunk({ content: null, tool_calls: [{}] }), end('tool_calls'), usage]);
    await expect(llmStream(model()).execute('hi')).rejects.toThrow('without a text');
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.09);
    answer = sse([text('Hel'), { ...text('lo'), usage: USAGE }]);
    await expect(read(await llmStream(model()).execute('hi'))).rejects.toThrow('cut off');
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.18);
  });

  it('is tried again and replaced like any failure', async () => {
    const tries = [sse([]), sse([text('again'), end()])];
    answer = (response) => tries.shift()?.(response);
    await expect(read(await retry(llmStream(model()), { initialDelayMs: 0 }).execute('hi'))).resolves.toBe('again');
    answer = json({});
    const other = stream('other', async function* () {
      yield 'other';
    });
    await expect(read(await fallback(llmStream(model()), [other]).execute('hi'))).resolves.toBe('other');
  });
});

describe('a whole reply', () => {
  it.each<[string, unknown, string]>([
    ['has nothing', {}, '(finish reason: none)'],
    ['has no text', message(null, 'stop'), '(finish reason: stop)'],
    ['calls tools beside an empty text', message('', 'stop', { tool_calls: [{}] }), '(finish reason: stop)'],
    ['was filtered', message('', 'content_filter'), '(finish reason: content_filter)'],
    ['was refused', message('', 'stop', { refusal: 'I cannot' }), '(finish reason: stop)'],
  ])('that %s rejects', async (_, body, why) => {
    answer = json(body);
    await expect(llm(model()).execute('hi')).rejects.toThrow(why);
  });
});

it('judges the stream of any other model by the same rule', async () => {
  const silent = {
    provider: 'fake',
    id: 'gpt-4',
    generate: async () => ({ text: '', finishReason: 'SAFETY' }),
    async *stream() {
      yield { finishReason: 'SAFETY' };
    },
  };
  for (const work of [llm(silent), llmStream(silent)]) {
    await expect(work.execute('hi')).rejects.toThrow('the model answered without a text (finish reason: SAFETY)');
  }
});
