import OpenAI, { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, createClock, systemClock } from '../../../src/platform/clock.ts';
import type { ChaosOptions } from '../../../src/tools/offline-model/chaos.ts';
import {
  type ModelServer,
  type ModelServerOptions,
  startModelServer,
} from '../../../src/tools/offline-model/model-server.ts';
import { createDeferred, openConnection, send } from '../../support/http.ts';

const ARTICLE = `# Circuit breakers

A circuit breaker watches the calls to a remote service. It opens when too many calls fail within a window.
While the circuit is open, calls fail at once instead of waiting for a service that cannot answer.

\`\`\`ts
const secret = 'code is not a sentence. Never.';
\`\`\`

After some time a few probe calls are let through. When the probes succeed, the circuit closes again.
The weather in the harbour was fine. Timeouts and retries work best inside a circuit breaker.

| option | meaning |
|---|---|
| openMs | how long the circuit stays open |
`;

const servers: ModelServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function start(options?: ModelServerOptions): Promise<{ server: ModelServer; client: OpenAI }> {
  const server = await startModelServer(options);
  servers.push(server);
  return { server, client: new OpenAI({ baseURL: server.baseURL, apiKey: 'offline', maxRetries: 0 }) };
}

const always = (share: keyof ChaosOptions, more: ChaosOptions = {}): ChaosOptions => ({
  ...{ slowShare: 0, rateLimitShare: 0, errorShare: 0, cutShare: 0 },
  [share]: 1,
  ...more,
});

const ask = (content: string, more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) => ({
  model: 'offline-small',
  messages: [
    { role: 'system' as const, content: 'Summarise.' },
    { role: 'user' as const, content },
  ],
  ...more,
});

/** Sends a body that the types of the client forbid, and returns the error. */
async function requestError(client: OpenAI, body: object): Promise<APIError> {
  const answer = await client.chat.completions
    .create(body as OpenAI.ChatCompletionCreateParamsNonStreaming)
    .catch((e) => e);
  expect(answer).toBeInstanceOf(APIError);
  return answer as APIError;
}

describe('the offline model, asked by the openai client', () => {
  it('answers with two sentences of the text, in the format of OpenAI', async () => {
    const { client, server } = await start();
    const completion = await client.chat.completions.create(ask(ARTICLE));
    expect(completion).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      model: 'offline-small',
      choices: [{ index: 0, message: { role: 'assistant' }, finish_reason: 'stop' }],
      usage: { prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } },
    });
    expect(Math.abs(completion.created - systemClock.now() / 1_000)).toBeLessThan(60);
    const text = completion.choices[0]?.message.content ?? '';
    expect(text).toMatch(/circuit/);
    expect(text).not.toMatch(/secret|openMs|harbour|#/);
    expect(text.split(/(?<=\.) /)).toHaveLength(2);
    expect(server.requests()).toBe(1);
  });

  it('answers with more sentences with offline-large', async () => {
    const { client } = await start();
    const { choices } = await client.chat.completions.create(ask(ARTICLE, { model: 'offline-large' }));
    expect(choices[0]?.message.content?.split(/(?<=\.) /)).toHaveLength(5);
  });

  it('counts tokens as OpenAI does', async () => {
    const { client } = await start();
    const { usage } = await client.chat.completions.create({
      model: 'offline-small',
      messages: [{ role: 'user', content: 'hello world' }],
    });
    // "hello world" is two tokens of cl100k_base; the message costs 3 + 1 for its role, the reply 3.
    expect(usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 });
  });

  it('stops at max_tokens and says so', async () => {
    const { client } = await start();
    for (const limit of [{ max_tokens: 5 }, { max_completion_tokens: 5 }]) {
      const { choices, usage } = await client.chat.completions.create(ask(ARTICLE, limit));
      expect(choices[0]?.finish_reason).toBe('length');
      expect(usage?.completion_tokens).toBe(5);
    }
    const whole = await client.chat.completions.create(ask(ARTICLE, { max_tokens: 4_000 }));
    expect(whole.choices[0]?.finish_reason).toBe('stop');
  });

  it('streams the same answer, with the usage in a last chunk without choices', async () => {
    const { client } = await start();
    const whole = await client.chat.completions.create(ask(`${ARTICLE}\n日本語の文です。😀😀`));
    const stream = await client.chat.completions.create({
      ...ask(`${ARTICLE}\n日本語の文です。😀😀`),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  it('streams without usage unless asked', async () => {
    const { client } = await start();
    const stream = await client.chat.completions.create({ ...ask(ARTICLE), stream: true });
    for await (const chunk of stream) {
      expect(chunk.usage ?? null).toBeNull();
      expect(chunk.choices).toHaveLength(1);
    }
  });

  it('lists its models and describes each', async () => {
    const { client } = await start();
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['offline-small', 'offline-large']);
    expect(await client.models.retrieve('offline-large')).toMatchObject({ id: 'offline-large', object: 'model' });
    await expect(client.models.retrieve('gpt-4')).rejects.toThrow(NotFoundError);
  });

  it('summarises the last user message, also one in parts and with special tokens', async () => {
    const { client } = await start();
    const { choices } = await client.chat.completions.create({
      model: 'offline-small',
      messages: [
        { role: 'user', content: 'Bananas grow in the tropics.' },
        { role: 'assistant', content: 'Indeed.' },
        { role: 'user', content: [{ type: 'text', text: 'The text ends with <|endoftext|> and <|im_start|> today.' }] },
        { role: 'system', content: 'Be short.' },
      ],
    });
    expect(choices[0]?.message.content).toBe('The text ends with <|endoftext|> and <|im_start|> today.');
  });

  it('answers an empty message', async () => {
    const { client } = await start();
    const { choices } = await client.chat.completions.create(ask(' \n '));
    expect(choices[0]?.message.content).toBe('There is nothing to summarise.');
  });
});

describe('the offline model and wrong requests', () => {
  it('refuses other models, also names that every object has as a property', async () => {
    const { client } = await start();
    for (const model of ['gpt-4', 'constructor', '__proto__']) {
      const error = await requestError(client, ask('Text.', { model }));
      expect(error).toBeInstanceOf(NotFoundError);
      expect(error).toMatchObject({ status: 404, code: 'model_not_found', type: 'invalid_request_error' });
    }
  });

  it('names the parameter that is wrong', async () => {
    const { client } = await start();
    const user = { role: 'user', content: 'Text.' };
    for (const [body, param] of [
      [{ messages: [user] }, 'model'],
      [{ model: 'offline-small' }, 'messages'],
      [{ model: 'offline-small', messages: [] }, 'messages'],
      [{ model: 'offline-small', messages: [null] }, 'messages[0]'],
      [{ model: 'offline-small', messages: [{ content: 'x' }] }, 'messages[0].role'],
      [{ model: 'offline-small', messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
      [
        { model: 'offline-small', messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
        'messages[0].content[0]',
      ],
      [{ model: 'offline-small', messages: [user], max_tokens: 0 }, 'max_tokens'],
      [{ model: 'offline-small', messages: [user], max_completion_tokens: 1.5 }, 'max_completion_tokens'],
      [{ model: 'offline-small', messages: [user], n: 2 }, 'n'],
      [{ model: 'offline-small', messages: [user], stream: 'yes' }, 'stream'],
    ] as const) {
      expect(await requestError(client, body)).toMatchObject({ status: 400, param });
    }
  });

  it('refuses a prompt that is longer than its context, quickly', async () => {
    const { client } = await start();
    for (const text of ['many words '.repeat(70_000), 'a'.repeat(2_000_000)]) {
      const began = systemClock.now();
      const error = await requestError(client, ask(text));
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error.code).toBe('context_length_exceeded');
      expect(systemClock.now() - began).toBeLessThan(20_000);
    }
  });

  it('refuses a body that is not a JSON object or is too large, and other URLs, in the format of OpenAI', async () => {
    const { server } = await start();
    const url = `${server.baseURL}/chat/completions`;
    for (const [method, to, body, status] of [
      ['POST', url, '{"model":', 400],
      ['POST', url, '[]', 400],
      ['POST', url, ' '.repeat(9 * 1024 * 1024), 413],
      ['GET', url, undefined, 404],
      ['POST', `${server.baseURL}/images/generations`, '{}', 404],
    ] as const) {
      const answer = await send(to, { method }, body);
      expect(answer.status).toBe(status);
      const { error } = JSON.parse(answer.body.toString());
      expect(error).toMatchObject({ message: expect.any(String), type: 'invalid_request_error' });
    }
  });

  it('answers no request for another host', async () => {
    const { server } = await start();
    const answer = await send(`${server.baseURL}/models`, { headers: { host: 'evil.example:80' } });
    expect(answer.status).toBe(403);
  });
});

describe('the offline model with chaos', () => {
  it('limits the rate with both forms of Retry-After', async () => {
    const { client } = await start({ chaos: always('rateLimitShare', { retryAfterMs: 1_250 }) });
    const error = await requestError(client, ask(ARTICLE));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error.code).toBe('rate_limit_exceeded');
    expect(error.headers?.get('retry-after')).toBe('2');
    expect(error.headers?.get('retry-after-ms')).toBe('1250');
  });

  it('fails with status 500', async () => {
    const { client, server } = await start({ chaos: always('errorShare') });
    expect(await requestError(client, ask(ARTICLE))).toBeInstanceOf(InternalServerError);
    expect(server.requests()).toBe(1);
  });

  it('breaks the connection in the middle of an answer, streamed or not', async () => {
    const { client } = await start({ chaos: always('cutShare') });
    await expect(client.chat.completions.create(ask(ARTICLE))).rejects.toThrow();
    const stream = await client.chat.completions.create({ ...ask(ARTICLE), stream: true });
    let chunks = 0;
    const reading = (async () => {
      for await (const _ of stream) chunks += 1;
    })();
    await expect(reading).rejects.toThrow();
    expect(chunks).toBeGreaterThan(0);
  });

  it('answers late, after a delay of the clock', async () => {
    const { clock, delays } = instantClock();
    const { client } = await start({ chaos: always('slowShare', { slowMs: 8_000 }), random: () => 0.5, clock });
    const { choices } = await client.chat.completions.create(ask(ARTICLE));
    expect(choices[0]?.finish_reason).toBe('stop');
    expect(delays).toEqual([5_000]);
  });

  it('stops waiting when the client has gone', async () => {
    const waiting = createDeferred();
    const cancelled = createDeferred();
    const clock = createClock(systemClock.now, () => {
      waiting.resolve();
      return cancelled.resolve;
    });
    const { client } = await start({ chaos: always('slowShare'), clock });
    const controller = new AbortController();
    const answer = client.chat.completions.create(ask(ARTICLE), { signal: controller.signal });
    await waiting.promise;
    controller.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await cancelled.promise;
  });

  it('fails at the start when its options are wrong', async () => {
    await expect(startModelServer({ chaos: { slowShare: 2 } })).rejects.toThrow(RangeError);
  });
});

describe('the server of the offline model', () => {
  it('closes at once, with idle connections and with half-sent and waiting requests', async () => {
    const waiting = createDeferred();
    const clock = createClock(systemClock.now, () => {
      waiting.resolve();
      return () => {};
    });
    const { client, server } = await start({ chaos: always('slowShare'), clock });
    await client.models.list();
    const half = await openConnection(server.baseURL, 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n');
    const lost = expect(client.chat.completions.create(ask(ARTICLE))).rejects.toThrow();
    await waiting.promise;
    const began = systemClock.now();
    await server.close();
    await server.close();
    await Promise.all([half.ended, lost]);
    expect(systemClock.now() - began).toBeLessThan(4_000);
  });

  it('names the port that is taken', async () => {
    const { server } = await start();
    const port = Number(new URL(server.baseURL).port);
    await expect(startModelServer({ port })).rejects.toThrow(
      `cannot listen on 127.0.0.1 port ${port}: the port is taken`,
    );
  });
});

function instantClock(): { clock: Clock; delays: number[] } {
  const delays: number[] = [];
  const clock = createClock(systemClock.now, (ms, callback) => {
    delays.push(ms);
    queueMicrotask(callback);
    return () => {};
  });
  return { clock, delays };
}
