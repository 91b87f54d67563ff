/** Each protocol as a real server speaks it: whole and as a stream, at any borders of chunks, cut, and with an error in it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { soundUsage } from '../../../src/ledger/usage.ts';
import { type ModelServer, startModelServer } from '../../../src/tools/offline-model/model-server.ts';
import type { Recognised, ReplyReader } from '../../../src/wire/protocol.ts';
import { inChunks, readChunks, readParsed, readText, recognised } from '../exchange.ts';

const TEXT = 'Rivers run to the sea. Grüße 😀 "usage":{"prompt_tokens":1}.';
const messages = [{ role: 'user', content: TEXT }];
const blocks = [{ role: 'user', content: [{ text: TEXT }] }];
const contents = [{ role: 'user', parts: [{ text: TEXT }] }];

type Ask = readonly [path: string, body: object];
interface Case {
  readonly protocol: string;
  readonly whole: Ask;
  readonly streams: readonly Ask[];
  readonly namesModel?: boolean;
}

const asked = { model: 'gpt-5', messages, stream: true, stream_options: { include_usage: true } };
const CASES: readonly Case[] = [
  {
    protocol: 'openai.chat',
    whole: ['/v1/chat/completions', { model: 'gpt-5', messages }],
    streams: [['/v1/chat/completions', asked]],
  },
  {
    protocol: 'openai.responses',
    whole: ['/v1/responses', { model: 'gpt-5', input: TEXT }],
    streams: [['/v1/responses', { model: 'gpt-5', input: TEXT, stream: true }]],
  },
  {
    protocol: 'anthropic.messages',
    whole: ['/v1/messages', { model: 'claude-haiku-4-5', max_tokens: 99, messages }],
    streams: [['/v1/messages', { model: 'claude-haiku-4-5', max_tokens: 99, messages, stream: true }]],
  },
  {
    protocol: 'google.generate',
    whole: ['/v1beta/models/gemini-2.5-flash:generateContent', { contents }],
    streams: [
      ['/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', { contents }],
      ['/v1beta/models/gemini-2.5-flash:streamGenerateContent', { contents }],
    ],
  },
  {
    protocol: 'ollama.chat',
    whole: ['/api/chat', { model: 'llama3.2', messages, stream: false }],
    streams: [['/api/chat', { model: 'llama3.2', messages }]],
  },
  {
    protocol: 'ollama.generate',
    whole: ['/api/generate', { model: 'llama3.2', prompt: TEXT, stream: false }],
    streams: [['/api/generate', { model: 'llama3.2', prompt: TEXT }]],
  },
  {
    protocol: 'cohere.chat',
    whole: ['/v2/chat', { model: 'command-a-03-2025', messages }],
    streams: [['/v2/chat', { model: 'command-a-03-2025', messages, stream: true }]],
    namesModel: false,
  },
  {
    protocol: 'bedrock.converse',
    whole: ['/model/eu.amazon.nova-lite-v1%3A0/converse', { messages: blocks }],
    streams: [['/model/eu.amazon.nova-lite-v1%3A0/converse-stream', { messages: blocks }]],
    namesModel: false,
  },
];

let server: ModelServer;
let failing: ModelServer;
beforeAll(async () => {
  server = await startModelServer({ anyModel: true });
  failing = await startModelServer({ anyModel: true, chaos: () => ({ kind: 'error_event' }) });
});
afterAll(async () => {
  await server.close();
  await failing.close();
});

async function ask([path, body]: Ask, { baseURL }: ModelServer): Promise<{ call: Recognised; bytes: Buffer }> {
  const url = new URL(path, baseURL);
  const call = recognised(url.href, body);
  const reply = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return { call, bytes: Buffer.from(await reply.arrayBuffer()) };
}

const known = (reader: ReplyReader) => {
  const { usage, metering, model } = reader.facts();
  return { usage: usage && soundUsage(usage), metering, model };
};

describe.each(CASES)('$protocol', ({ protocol, whole, streams, namesModel = true }) => {
  it('has the same usage whole, as a text, parsed and as a stream, at any borders of chunks', async () => {
    const { call, bytes } = await ask(whole, server);
    expect(call.facts).toMatchObject({ protocol, streams: false, model: expect.any(String) });
    const parsed = readParsed(call, JSON.parse(bytes.toString()));
    const expected = known(parsed);
    expect(expected).toMatchObject({ metering: 'exact', model: namesModel ? call.facts.model : undefined });
    expect(expected.usage?.outputTokens).toBeGreaterThan(5);
    expect(parsed).toMatchObject({ isComplete: true, hasAnswer: true, error: undefined });
    expect(parsed.facts().finishReasons).toHaveLength(1);
    expect(known(readText(call, bytes.toString()))).toEqual(expected);
    for (const size of [1, 2, 3, 17, 100_000]) expect(known(readChunks(call, inChunks(bytes, size)))).toEqual(expected);

    for (const stream of streams) {
      const streamed = await ask(stream, server);
      expect(streamed.call.facts).toMatchObject({ protocol, streams: true });
      for (const size of [1, 2, 3, 17, 100_000]) {
        const reader = readChunks(streamed.call, inChunks(streamed.bytes, size));
        expect(known(reader)).toEqual(expected);
        expect(reader.isComplete).toBe(true);
        expect(reader.facts().finishReasons).toHaveLength(1);
      }
    }
  });

  it('is not complete, and never exact, when its stream is cut anywhere', async () => {
    for (const stream of streams) {
      const { call, bytes } = await ask(stream, server);
      const end = lastEvent(bytes);
      for (let length = 0; length < end; length += 7) {
        const reader = readChunks(call, [bytes.subarray(0, length)], { isCut: true });
        expect(reader.isComplete).toBe(false);
        expect(['partial', 'estimate', 'unknown']).toContain(reader.facts().metering);
      }
    }
  });

  it('tells an error in its stream, with the type that the provider gives it', async () => {
    for (const stream of streams) {
      const { call, bytes } = await ask(stream, failing);
      for (const size of [1, 5, 100_000]) {
        const reader = readChunks(call, inChunks(bytes, size));
        expect(reader.error, bytes.toString()).toBeInstanceOf(Error);
        expect(reader.error?.name).toMatch(/^[\w.-]+$/);
        expect(reader.error?.message).not.toContain(TEXT);
        expect(reader.facts().metering).not.toBe('exact');
      }
    }
  });

  it('gives the messages, if they are asked for', async () => {
    const options = { captureContent: true };
    for (const each of [whole, ...streams]) {
      const { call, bytes } = await ask(each, server);
      expect(JSON.parse(call.inputMessages(options) as string)).toEqual([
        { role: 'user', parts: [{ type: 'text', content: TEXT }] },
      ]);
      for (const size of [1, 100_000]) {
        const { outputMessages } = readChunks(call, inChunks(bytes, size), options).facts();
        expect(JSON.parse(outputMessages as string)).toMatchObject([{ role: 'assistant', parts: [{ type: 'text' }] }]);
        expect(outputMessages).toContain('Rivers run to the sea.');
      }
    }
  });
});

/** Where the last event of a stream begins to be whole: its end, without the empty lines behind it. */
function lastEvent(bytes: Buffer): number {
  return bytes.toString('latin1').trimEnd().length - 1;
}

it.each([
  ['openai.embeddings', '/v1/embeddings', { model: 'text-embedding-3-small', input: ['hello world'] }],
  ['ollama.embed', '/api/embed', { model: 'all-minilm', input: ['hello world'] }],
])('%s has input only', async (protocol, path, body) => {
  const { call, bytes } = await ask([path, body], server);
  expect(call.facts).toMatchObject({ protocol, operation: 'embeddings', streams: false });
  expect(known(readChunks(call, inChunks(bytes, 10)))).toMatchObject({
    metering: 'exact',
    usage: { inputTokens: 2, outputTokens: 0 },
  });
});

it("Gemini's embeddings say no usage, which is unknown and not 0", async () => {
  const { call, bytes } = await ask(['/v1beta/models/m:embedContent', { content: contents[0] }], server);
  expect(call.facts).toMatchObject({ protocol: 'google.embed', model: 'm' });
  const reader = readChunks(call, inChunks(bytes, 10));
  expect(reader).toMatchObject({ isComplete: true });
  expect(known(reader)).toMatchObject({ metering: 'unknown', usage: undefined });
});
