/** `openAICompatible` with a client of the user's own, with headers and a body, and with what the official client reads. */
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { llm, llmStream, openAICompatible, retry } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ChatServer, chunk, completion, json, read, sse, startChatServer, USAGE } from '../support/chat-server.ts';

let server: ChatServer;
let telemetry: TestTelemetry;
beforeAll(async () => {
  server = await startChatServer();
});
afterAll(() => server.close());
beforeEach(() => {
  telemetry = startTestTelemetry();
  server.asked.length = 0;
  server.answer = (response, asked) =>
    (asked.body.stream === true
      ? sse(chunk({ content: 'Hello' }, 'stop'), { choices: [], usage: USAGE }, '[DONE]')
      : json(completion('Hello')))(response, asked);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  return telemetry.stop();
});

const realFetch = globalThis.fetch;

/** Leads requests for any host to the server, and says where they were to go. */
function redirected(): { readonly urls: string[]; readonly fetch: typeof globalThis.fetch } {
  const urls: string[] = [];
  return {
    urls,
    fetch: (input, init) => {
      const url = new URL(String(input));
      urls.push(url.href);
      return realFetch(`${new URL(server.baseURL).origin}${url.pathname}${url.search}`, init);
    },
  };
}

describe('a client of your own', () => {
  it('is asked with its own key and address, and never repeats a request', async () => {
    const client = new OpenAI({
      baseURL: server.baseURL,
      apiKey: 'mine',
      maxRetries: 5,
      defaultHeaders: { 'x-app': 'a' },
    });
    const model = openAICompatible({ model: 'gpt-4', client, provider: 'openai' });
    await expect(llm(model).execute('hi')).resolves.toMatchObject({ text: 'Hello', finishReason: 'stop' });
    expect(await read(await llmStream(model).execute('hi'))).toBe('Hello');
    expect(server.asked[0]?.headers).toMatchObject({ authorization: 'Bearer mine', 'x-app': 'a' });
    server.answer = json({ error: { message: 'busy' } }, 503);
    await expect(llm(model).execute('hi')).rejects.toMatchObject({ status: 503 });
    expect(server.asked).toHaveLength(3);
    await expect(retry(llm(model), { maxRetries: 1, initialDelayMs: 0 }).execute('hi')).rejects.toMatchObject({
      status: 503,
    });
    expect(server.asked).toHaveLength(5);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4', provider: 'openai' }, 5);
    await telemetry.expectMetric('tta_llm_cost_total', { provider: 'openai' }, 0.18);
  });

  it('names the provider by its address: Azure, with deployment and version', async () => {
    const { urls, fetch } = redirected();
    const client = new AzureOpenAI({
      endpoint: 'https://desk.openai.azure.com',
      apiKey: 'mine',
      apiVersion: '2025-01-01',
      deployment: 'small',
      fetch,
    });
    const model = openAICompatible({ model: 'gpt-4o-mini', client });
    expect(model).toMatchObject({ provider: 'azure.ai.openai', serverAddress: 'desk.openai.azure.com' });
    await llm(model, { maxTokens: 7 }).execute('hi');
    expect(await read(await llmStream(model).execute('hi'))).toBe('Hello');
    expect(new Set(urls)).toEqual(
      new Set(['https://desk.openai.azure.com/openai/deployments/small/chat/completions?api-version=2025-01-01']),
    );
    expect(server.asked[0]?.headers).toMatchObject({ 'api-key': 'mine' });
    expect(server.asked[0]?.body).toMatchObject({ max_completion_tokens: 7 });
  });

  it('may be anything with chat.completions.create', async () => {
    const asked: unknown[] = [];
    const client = {
      baseURL: 'https://api.groq.com/openai/v1',
      chat: {
        completions: {
          async create(body: { readonly stream?: boolean }) {
            asked.push(body);
            if (body.stream !== true) return completion('whole');
            return (async function* () {
              yield chunk({ content: 'pie' });
              yield { ...chunk({ content: 'ces' }, 'stop'), x_groq: { usage: USAGE } };
            })();
          },
        },
      },
    };
    const model = openAICompatible({ model: 'gpt-4', client });
    expect(model.provider).toBe('groq');
    const replies: unknown[] = [];
    const options = { maxTokens: 5, onReply: (reply: unknown) => replies.push(reply) };
    await llm(model, options).execute('hi');
    expect(await read(await llmStream(model, options).execute('hi'))).toBe('pieces');
    expect(asked).toMatchObject([{ max_tokens: 5 }, { max_tokens: 5, stream: true }]);
    const usage = { inputTokens: 1_000, outputTokens: 1_000 };
    expect(replies).toMatchObject([
      { text: 'whole', usage, finishReason: 'stop', model: 'gpt-4-0613', id: 'r' },
      { text: 'pieces', usage, finishReason: 'stop', model: 'gpt-4-0613', id: 'r' },
    ]);
  });

  it.each([
    [{}, 'client must be a client with chat.completions.create, for example new OpenAI(), got an object with no keys'],
    [null, 'client must be a client with chat.completions.create'],
    [OpenAI, 'client must be a client with chat.completions.create'],
    [Promise.resolve(), 'client must be a client with chat.completions.create'],
  ])('is refused where it is none: %s', (client, message) => {
    expect(() => openAICompatible({ model: 'm', client: client as never })).toThrow(
      `OpenAICompatibleOptions: ${message}`,
    );
  });

  it('has its own key and address: ours beside it would have no effect', () => {
    const client = new OpenAI({ baseURL: server.baseURL, apiKey: 'mine' });
    expect(() => openAICompatible({ model: 'm', client, apiKey: 'hunter2' })).toThrow(
      'OpenAICompatibleOptions: apiKey has no effect beside client, which has its own',
    );
    expect(() => openAICompatible({ model: 'm', client, baseURL: server.baseURL })).toThrow('baseURL has no effect');
  });
});

describe('headers and body', () => {
  it('are sent with each request, and what the request says comes first', async () => {
    const model = openAICompatible({
      model: 'gpt-4',
      baseURL: server.baseURL,
      headers: { 'X-Team': 'search', Authorization: 'Bearer theirs' },
      body: { reasoning_effort: 'low', temperature: 1, top_p: 0.5, stop: ['\n'] },
    });
    await llm(model, { temperature: 0.2 }).execute('hi');
    await read(await llmStream(model).execute('hi'));
    expect(server.asked.map(({ headers }) => [headers['x-team'], headers.authorization])).toEqual([
      ['search', 'Bearer theirs'],
      ['search', 'Bearer theirs'],
    ]);
    expect(server.asked.map(({ body }) => body)).toEqual([
      {
        model: 'gpt-4',
        messages: [{ role: 'user', content: 'hi' }],
        reasoning_effort: 'low',
        temperature: 0.2,
        top_p: 0.5,
        stop: ['\n'],
      },
      {
        model: 'gpt-4',
        messages: [{ role: 'user', content: 'hi' }],
        reasoning_effort: 'low',
        temperature: 1,
        top_p: 0.5,
        stop: ['\n'],
        stream: true,
        stream_options: { include_usage: true },
      },
    ]);
  });

  it.each([
    [{}, 'local', { max_tokens: 9 }],
    [{}, 'openai', { max_completion_tokens: 9 }],
    [{}, 'azure.ai.openai', { max_completion_tokens: 9 }],
    [{ max_completion_tokens: 100 }, 'local', { max_completion_tokens: 9 }],
    [{ max_tokens: 100 }, 'openai', { max_tokens: 9 }],
  ])('send the limit of tokens in the field that the server knows: %j to %s', async (body, provider, limit) => {
    const model = openAICompatible({ model: 'gpt-4', baseURL: server.baseURL, provider, body });
    await llm(model, { maxTokens: 9 }).execute('hi');
    const { max_tokens, max_completion_tokens } = server.asked[0]?.body ?? {};
    expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens }))).toEqual(limit);
  });

  it('may change or leave out the options of a stream, for servers that know none', async () => {
    for (const stream_options of [null, { include_obfuscation: false }]) {
      const model = openAICompatible({ model: 'gpt-4', baseURL: server.baseURL, body: { stream_options } });
      await read(await llmStream(model).execute('hi'));
      await llm(model).execute('hi');
    }
    expect(server.asked.map(({ body }) => body.stream_options)).toEqual([
      undefined,
      undefined,
      { include_usage: true, include_obfuscation: false },
      undefined,
    ]);
  });

  it.each([
    [{ body: { model: 'x' } }, 'body.model has no effect: give it as the option model'],
    [{ body: { messages: [] } }, 'body.messages has no effect: they come with each request'],
    [{ body: { stream: true } }, 'body.stream has no effect: llmStream streams, llm does not'],
    [{ body: [] }, "body must be an object such as { reasoning_effort: 'low' }, got an array of 0"],
    [{ headers: { 'x-key': 5 } }, 'headers["x-key"] must be a text, got a number'],
    [{ headers: { 'x-key': 'hunter2\nx' } }, 'headers has a name or a value that no header may have: "x-key"'],
    [{ headers: { 'x key': 'hunter2' } }, 'headers has a name or a value that no header may have: "x key"'],
    [{ headers: new Headers() }, "headers must be an object such as { 'x-team': 'search' }, got a Headers"],
  ])('are refused where they are wrong: %j', (options, message) => {
    const make = () => openAICompatible({ model: 'm', ...options } as never);
    expect(make).toThrow(`OpenAICompatibleOptions: ${message}`);
    expect(make).not.toThrow('hunter2');
  });
});

describe('what the official client reads', () => {
  it("is the address: the first call's dollars, and all later ones, are of the provider that is called", async () => {
    const { fetch, urls } = redirected();
    vi.stubEnv('OPENAI_API_KEY', 'theirs');
    vi.stubEnv('OPENAI_BASE_URL', 'https://llm.example.com/v1');
    const prices = { 'llm.example.com/gpt-4': { input: 1, output: 1 } };
    const model = openAICompatible({ model: 'gpt-4' });
    const ask = llm(model, { prices, maxTokens: 3 });
    vi.stubGlobal('fetch', fetch);
    for (let i = 0; i < 2; i += 1) await ask.execute('hi');
    await read(await llmStream(model, { prices }).execute('hi'));
    expect(new Set(urls)).toEqual(new Set(['https://llm.example.com/v1/chat/completions']));
    const labels = { model: 'gpt-4', provider: 'llm.example.com' };
    await telemetry.expectMetric('tta_llm_requests_total', { ...labels, status: 'success' }, 3);
    await telemetry.expectMetric('tta_llm_request_duration_seconds_count', labels, 3);
    await telemetry.expectMetric('tta_llm_time_to_first_chunk_seconds_count', labels, 1);
    await telemetry.expectMetric('tta_llm_cost_total', labels, 0.006);
    await telemetry.expectMetric('tta_llm_requests_total', { provider: 'openai' }, 0);
    await telemetry.expectMetric('tta_llm_cost_total', { provider: 'openai' }, 0);
    expect(server.asked[0]?.body).toMatchObject({ max_tokens: 3 });
    for (const { attributes } of telemetry.spans()) {
      expect(attributes).toMatchObject({
        'gen_ai.provider.name': 'llm.example.com',
        'server.address': 'llm.example.com',
      });
    }
  });

  it.each([
    [{}, 'Bearer from-the-environment'],
    [{ baseURL: 'https://eu.api.openai.com/v1' }, 'Bearer from-the-environment'],
    [{ baseURL: 'https://llm.example.com/v1' }, 'Bearer none'],
    [{ baseURL: 'http://127.0.0.1:9/v1' }, 'Bearer none'],
    [{ baseURL: 'https://llm.example.com/v1', apiKey: 'given' }, 'Bearer given'],
    [{ apiKey: 'given' }, 'Bearer given'],
  ])('is the key, for OpenAI only: %j', async (options, authorization) => {
    const { fetch } = redirected();
    vi.stubEnv('OPENAI_API_KEY', 'from-the-environment');
    vi.stubEnv('OPENAI_BASE_URL', '');
    const model = openAICompatible({ model: 'gpt-4', ...options });
    vi.stubGlobal('fetch', fetch);
    await llm(model).execute('hi');
    expect(server.asked[0]?.headers.authorization).toBe(authorization);
  });

  it('is asked again after a first call without a key', async () => {
    vi.stubEnv('OPENAI_API_KEY', undefined);
    vi.stubEnv('OPENAI_ADMIN_KEY', undefined);
    vi.stubEnv('OPENAI_BASE_URL', server.baseURL);
    const ask = retry(llm(openAICompatible({ model: 'gpt-4' })), { initialDelayMs: 0 });
    await expect(ask.execute('hi')).rejects.toThrow('OPENAI_API_KEY');
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 0);
    vi.stubEnv('OPENAI_API_KEY', 'any');
    await expect(ask.execute('hi')).resolves.toMatchObject({ text: 'Hello' });
  });
});
