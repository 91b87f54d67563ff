/** `openAICompatible` with a `client` of each version and kind that it is documented to take, against a local server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { llm, llmStream, type ModelReply, type OpenAIClient, openAICompatible } from '../../src/index.ts';
import { type ChatServer, chunk, completion, json, read, sse, startChatServer, USAGE } from '../support/chat-server.ts';

const PACKAGES = [
  'openai4@npm:openai@4.52.0',
  'openai5@npm:openai@5',
  'openai6@npm:openai@6',
  'openai7@npm:openai@7',
  'groq-sdk',
];

const CLIENTS = `
import OpenAI4, { AzureOpenAI as AzureOpenAI4 } from 'openai4';
import OpenAI5, { AzureOpenAI as AzureOpenAI5 } from 'openai5';
import OpenAI6, { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import OpenAI7, { AzureOpenAI as AzureOpenAI7 } from 'openai7';
import Groq from 'groq-sdk';

const given = { apiKey: 'k', maxRetries: 3 };
const azure = { ...given, apiVersion: '2025-01-01', deployment: 'small' };
const openai = (Client) => (baseURL) => new Client({ ...given, baseURL });
const atAzure = (Client) => (baseURL) => new Client({ ...azure, baseURL });
export default {
  'openai 4.52': openai(OpenAI4),
  'openai 5': openai(OpenAI5),
  'openai 6': openai(OpenAI6),
  'openai 7': openai(OpenAI7),
  'Azure by openai 4.52': atAzure(AzureOpenAI4),
  'Azure by openai 5': atAzure(AzureOpenAI5),
  'Azure by openai 6': atAzure(AzureOpenAI6),
  'Azure by openai 7': atAzure(AzureOpenAI7),
  groq: openai(Groq),
};
`;
const NAMES = [4.52, 5, 6, 7].flatMap((version) => [`openai ${version}`, `Azure by openai ${version}`]).concat('groq');

let folder: string;
let clients: Readonly<Record<string, (baseURL: string) => OpenAIClient>>;
let server: ChatServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openai-clients-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'clients.js'), CLIENTS);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--force', ...PACKAGES], { cwd: folder, stdio: 'ignore' });
  const where = join(folder, 'clients.js');
  clients = ((await import(/* @vite-ignore */ where)) as { default: typeof clients }).default;
  server = await startChatServer();
}, 300_000);
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(NAMES)('%s', (name) => {
  const ask = (replies: ModelReply[] = []) => {
    const client = clients[name]?.(server.baseURL);
    const model = openAICompatible({
      model: 'small',
      provider: 'openai',
      client,
      headers: { 'x-team': 'a' },
      body: { seed: 1 },
    });
    const options = { maxTokens: 5, onReply: (reply: ModelReply) => replies.push(reply) };
    server.asked.length = 0;
    return { whole: llm(model, options), chunks: llmStream(model, options) };
  };

  it('gives the same reply whole and in chunks, with its usage', async () => {
    const replies: ModelReply[] = [];
    const { whole, chunks } = ask(replies);
    server.answer = json(completion('Hello'));
    await whole.execute('hi');
    server.answer = sse(
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }, 'stop'),
      { choices: [], usage: USAGE },
      '[DONE]',
    );
    expect(await read(await chunks.execute('hi'))).toBe('Hello');
    const usage = expect.objectContaining({ inputTokens: 1_000, outputTokens: 1_000 });
    const reply = { text: 'Hello', id: 'r', model: 'gpt-4-0613', finishReason: 'stop', usage };
    expect(replies).toEqual([reply, reply]);
    for (const { headers, body } of server.asked) {
      expect(headers).toMatchObject({ 'x-team': 'a' });
      expect(body).toMatchObject({ seed: 1, max_completion_tokens: 5 });
    }
  });

  it('sends one request, also where the client would try again', async () => {
    const { whole, chunks } = ask();
    server.answer = json({ error: { message: 'busy' } }, 503);
    await expect(whole.execute('hi')).rejects.toMatchObject({ status: 503 });
    await expect(chunks.execute('hi')).rejects.toMatchObject({ status: 503 });
    expect(server.asked).toHaveLength(2);
  });

  it('rejects with the error that is in a 200, with its code and what it cost', async () => {
    const { whole, chunks } = ask();
    const error = { message: 'overloaded', code: 502 };
    const expected = { reason: 'provider_error', code: 502, said: 'overloaded', usage: { inputTokens: 1_000 } };
    server.answer = json({ error, usage: USAGE });
    await expect(whole.execute('hi')).rejects.toMatchObject(expected);
    server.answer = sse({ choices: [], usage: USAGE }, { error });
    await expect(chunks.execute('hi')).rejects.toMatchObject(expected);
  });

  it("rejects with the caller's reason when it is aborted", async () => {
    const { whole, chunks } = ask();
    server.answer = () => {};
    for (const each of [whole, chunks]) {
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      server.asked.length = 0;
      const running = each.execute('hi', { signal: controller.signal });
      await expect.poll(() => server.asked.length).toBe(1);
      controller.abort(reason);
      await expect(running).rejects.toBe(reason);
    }
  });
});
