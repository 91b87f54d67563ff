/** Each interface of the offline model. `test/wire/clients.deep.ts` asks it with the real clients. */
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/tools/offline-model/chaos.ts';
import { type ModelServer, startModelServer } from '../../../src/tools/offline-model/model-server.ts';

let server: ModelServer | undefined;
afterEach(() => server?.close());

const TEXT = 'Rivers run to the sea.';
const SCHEMA = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } } };
const messages = [{ role: 'user', content: TEXT }];
const contents = [{ role: 'user', parts: [{ text: TEXT }] }];
const blocks = [{ role: 'user', content: [{ text: TEXT }] }];

async function post(path: string, body: object, fault: Fault = { kind: 'none' }): Promise<Response> {
  await server?.close();
  server = await startModelServer({ anyModel: true, chaos: () => fault });
  const url = new URL(path, server.baseURL);
  return fetch(url, { method: 'POST', body: JSON.stringify(body) });
}

const askFor = async (path: string, body: object) => (await post(path, body)).json();

/** The JSON values of a stream of server-sent events, or of lines. */
async function events(path: string, body: object, fault?: Fault) {
  const text = await (await post(path, body, fault)).text();
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^data: /, ''));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

describe('the offline model answers', () => {
  it('as the responses of OpenAI do', async () => {
    const body = { model: 'gpt-5', instructions: 'Be short.', input: TEXT };
    const whole = await askFor('/v1/responses', body);
    expect(whole).toMatchObject({
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: TEXT }] }],
      usage: { input_tokens: expect.any(Number), output_tokens: 7, output_tokens_details: { reasoning_tokens: 0 } },
    });
    const stream = await events('/v1/responses', { ...body, stream: true });
    const texts = stream.filter(({ type }) => type === 'response.output_text.delta');
    expect(texts.map(({ delta }) => delta).join('')).toBe(TEXT);
    expect(stream.map((event) => event.sequence_number)).toEqual(stream.map((_, at) => at));
    expect(stream.at(-1)).toMatchObject({ type: 'response.completed', response: { usage: whole.usage } });
    const cut = await events('/v1/responses', { ...body, stream: true, max_output_tokens: 2 });
    expect(cut.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete' } });
  });

  it('as the embeddings of OpenAI do, as numbers and in base64', async () => {
    const body = { model: 'text-embedding-3-small', input: ['hello world', 'hello world'] };
    const { data, usage } = await askFor('/v1/embeddings', body);
    expect(data).toHaveLength(2);
    expect(data[0].embedding).toEqual(data[1].embedding);
    expect(Math.hypot(...data[0].embedding)).toBeCloseTo(1);
    expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    const encoded = await askFor('/v1/embeddings', { ...body, encoding_format: 'base64' });
    const floats = new Float32Array(new Uint8Array(Buffer.from(encoded.data[0].embedding, 'base64')).buffer);
    expect(floats[0]).toBeCloseTo(data[0].embedding[0]);
  });

  it('as Anthropic does', async () => {
    const body = { model: 'claude-haiku-4-5', max_tokens: 100, system: 'Be short.', messages };
    const whole = await askFor('/v1/messages', body);
    expect(whole).toMatchObject({
      content: [{ type: 'text', text: TEXT }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 7, cache_read_input_tokens: 0 },
    });
    const stream = await events('/v1/messages', { ...body, stream: true });
    expect(stream[0].message.usage.input_tokens).toBe(whole.usage.input_tokens);
    expect(stream.map(({ delta }) => delta?.text ?? '').join('')).toBe(TEXT);
    expect(stream.at(-2)).toMatchObject({ type: 'message_delta', usage: { output_tokens: 7 } });
    expect(stream.at(-1)).toEqual({ type: 'message_stop' });
  });

  it('as Google does', async () => {
    const whole = await askFor('/v1beta/models/gemini-2.5-flash:generateContent', { contents });
    expect(whole).toMatchObject({
      candidates: [{ content: { parts: [{ text: TEXT }] }, finishReason: 'STOP' }],
      usageMetadata: { candidatesTokenCount: 7 },
      modelVersion: 'gemini-2.5-flash',
    });
    const stream = await events('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', { contents });
    expect(stream.map(({ candidates }) => candidates[0].content.parts[0].text).join('')).toBe(TEXT);
    expect(stream.at(-1)).toMatchObject({ usageMetadata: whole.usageMetadata });
    const { embedding } = await askFor('/v1beta/models/m:embedContent', { content: { parts: [{ text: TEXT }] } });
    expect(embedding.values).toHaveLength(8);
  });

  it('as Ollama does, which streams by default', async () => {
    for (const [path, ask] of [
      ['/api/chat', { messages }],
      ['/api/generate', { prompt: TEXT }],
    ] as const) {
      const whole = await askFor(path, { model: 'llama3.2', ...ask, stream: false });
      expect(whole.message?.content ?? whole.response).toBe(TEXT);
      expect(whole).toMatchObject({ done: true, done_reason: 'stop', eval_count: 7 });
      const stream = await events(path, { model: 'llama3.2', ...ask });
      expect(stream.map((line) => line.message?.content ?? line.response).join('')).toBe(TEXT);
      expect(stream.at(-1)).toMatchObject({ done: true, prompt_eval_count: whole.prompt_eval_count });
    }
    const { embeddings } = await askFor('/api/embed', { model: 'm', input: ['a', 'b'] });
    expect(embeddings).toHaveLength(2);
  });

  it('as Cohere does, which bills less than the model reads', async () => {
    const whole = await askFor('/v2/chat', { model: 'command-a-03-2025', messages });
    expect(whole).toMatchObject({ message: { content: [{ text: TEXT }] }, finish_reason: 'COMPLETE' });
    expect(whole.usage.billed_units.output_tokens).toBe(7);
    const stream = await events('/v2/chat', { model: 'command-a-03-2025', messages, stream: true });
    expect(stream.map(({ delta }) => delta?.message?.content?.text ?? '').join('')).toBe(TEXT);
    expect(stream.at(-1)).toMatchObject({ type: 'message-end', delta: { usage: whole.usage } });
  });

  it('as Bedrock does, in the binary form of its streams', async () => {
    const whole = await askFor('/model/amazon.nova-lite-v1%3A0/converse', { messages: blocks });
    expect(whole).toMatchObject({ output: { message: { content: [{ text: TEXT }] } }, stopReason: 'end_turn' });
    const reply = await post('/model/amazon.nova-lite-v1%3A0/converse-stream', { messages: blocks });
    const stream = decode(Buffer.from(await reply.arrayBuffer()));
    expect(stream.map(({ delta }) => delta?.text ?? '').join('')).toBe(TEXT);
    expect(stream.at(-1)).toMatchObject({ usage: whole.usage });
  });
});

/** The payloads of an event stream of AWS. Each message has its length, and a checksum at its end. */
function decode(bytes: Buffer) {
  const payloads = [];
  for (let at = 0; at < bytes.length; ) {
    const message = bytes.subarray(at, at + bytes.readUInt32BE(at));
    expect(message.readUInt32BE(message.length - 4)).toBe(crc32(message.subarray(0, -4)));
    payloads.push(JSON.parse(message.subarray(12 + message.readUInt32BE(4), -4).toString()));
    at += message.length;
  }
  return payloads;
}

const ASK = 'What does get_weather say?';
const tool = { name: 'get_weather', parameters: SCHEMA };
const asked = [{ role: 'user', content: ASK }];
const openaiTools = [{ type: 'function', function: tool }];
const CALLED = { city: ASK, days: 1 };

describe('a tool whose name is in the message is called', () => {
  it.each([
    [
      '/v1/chat/completions',
      { messages: asked, tools: openaiTools },
      'choices.0.message.tool_calls.0.function.arguments',
    ],
    ['/v1/responses', { input: ASK, tools: [{ type: 'function', ...tool }] }, 'output.0.arguments'],
    ['/v1/messages', { messages: asked, tools: [{ name: tool.name, input_schema: SCHEMA }] }, 'content.0.input'],
    ['/api/chat', { messages: asked, tools: openaiTools, stream: false }, 'message.tool_calls.0.function.arguments'],
    ['/v2/chat', { messages: asked, tools: openaiTools }, 'message.tool_calls.0.function.arguments'],
    [
      '/v1beta/models/m:generateContent',
      { contents: [{ parts: [{ text: ASK }] }], tools: [{ functionDeclarations: [tool] }] },
      'candidates.0.content.parts.0.functionCall.args',
    ],
    [
      '/model/m/converse',
      {
        messages: [{ role: 'user', content: [{ text: ASK }] }],
        toolConfig: { tools: [{ toolSpec: { name: tool.name, inputSchema: { json: SCHEMA } } }] },
      },
      'output.message.content.0.toolUse.input',
    ],
  ])('by %s', async (path, body, place) => {
    let found = await askFor(path, { model: 'm', ...body });
    for (const key of place.split('.')) found = found?.[key];
    expect(typeof found === 'string' ? JSON.parse(found) : found).toEqual(CALLED);
  });

  it('and its result is summarised afterwards', async () => {
    const result = [...asked, { role: 'assistant', content: null }, { role: 'tool', content: 'It rains in Graz.' }];
    const { choices } = await askFor('/v1/chat/completions', { model: 'm', messages: result, tools: openaiTools });
    expect(choices[0]).toMatchObject({ message: { content: 'It rains in Graz.' }, finish_reason: 'stop' });
  });
});

it('an answer follows the schema that the request gives', async () => {
  const schema = {
    type: 'object',
    properties: {
      kind: { enum: ['a', 'b'] },
      next: { $ref: '#/$defs/next' },
      list: { items: { type: 'boolean' }, type: 'array' },
    },
    $defs: { next: { anyOf: [{ type: 'number', minimum: 3 }, { type: 'null' }] } },
  };
  const format = { type: 'json_schema', json_schema: { name: 'it', schema } };
  const { choices } = await askFor('/v1/chat/completions', { model: 'm', messages, response_format: format });
  expect(JSON.parse(choices[0].message.content)).toEqual({ kind: 'a', next: 3, list: [true] });
});

describe('a fault has the form of its interface', () => {
  it.each([
    ['/v1/messages', { type: 'error', error: { type: 'rate_limit_error' } }],
    ['/v1beta/models/m:generateContent', { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }],
    ['/v1/responses', { error: { code: 'rate_limit_exceeded' } }],
    ['/api/chat', { error: expect.stringContaining('Rate limit') }],
    ['/v2/chat', { message: expect.stringContaining('Rate limit') }],
  ])('%s', async (path, body) => {
    const ask = { model: 'm', messages, contents, input: TEXT };
    const reply = await post(path, ask, { kind: 'rate_limit', retryAfterMs: 100 });
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect(await reply.json()).toMatchObject(body);
  });

  it('also in the middle of a stream', async () => {
    const ask = { model: 'm', messages, stream: true };
    const last = async (path: string) => (await events(path, ask, { kind: 'error_event' })).at(-1);
    expect(await last('/v1/chat/completions')).toMatchObject({ error: { type: 'server_error' } });
    expect(await last('/v1/messages')).toMatchObject({ type: 'error' });
    expect(await last('/api/chat')).toEqual({ error: expect.any(String) });
    expect(await last('/v2/chat')).toMatchObject({ delta: { finish_reason: 'ERROR' } });
  });

  it('and without an answer the client leaves', async () => {
    for (const kind of ['hang', 'stall'] as const) {
      await server?.close();
      server = await startModelServer({ anyModel: true, chaos: () => ({ kind }) });
      const signal = AbortSignal.timeout(100);
      const body = JSON.stringify({ model: 'm', messages });
      const reply = fetch(`${server.baseURL}/chat/completions`, { method: 'POST', body, signal });
      await expect(reply.then((answer) => answer.text())).rejects.toThrow(/timeout|aborted/i);
    }
  });
});
