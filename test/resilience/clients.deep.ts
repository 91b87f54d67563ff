/** The errors of real clients, against a local server: how often each is asked, when again, and what a circuit says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { circuit, circuitBreaker, retry, task } from '../../src/index.ts';

type Call = (url: string, signal: AbortSignal) => Promise<unknown>;

const PACKAGES = [
  ...['openai@6', 'openai7@npm:openai@7', 'groq-sdk', '@anthropic-ai/sdk', 'ai', '@ai-sdk/openai', '@google/genai'],
  ...['@mistralai/mistralai', 'cohere-ai', 'ky', 'got', 'axios', 'undici', '@aws-sdk/client-bedrock-runtime'],
  '@smithy/node-http-handler',
];

/** Each client's own tries are off. */
const CLIENTS = `
const lazy = (load) => { let loaded; return async (url, signal) => (await (loaded ??= load()))(url, signal); };
const chat = (name) => lazy(async () => {
  const { default: Client } = await import(name);
  return (baseURL, signal) => new Client({ apiKey: 'k', baseURL, maxRetries: 0, timeout: 2_000 }).chat.completions.create({ model: 'm', messages: [] }, { signal });
});
const messages = [{ role: 'user', content: 'x' }];
export default {
  openai6: chat('openai'),
  openai7: chat('openai7'),
  groq: chat('groq-sdk'),
  anthropic: lazy(async () => {
    const { default: Client } = await import('@anthropic-ai/sdk');
    return (baseURL, signal) => new Client({ apiKey: 'k', baseURL, maxRetries: 0 }).messages.create({ model: 'm', max_tokens: 1, messages }, { signal });
  }),
  ai: lazy(async () => {
    const [{ generateText }, { createOpenAI }] = [await import('ai'), await import('@ai-sdk/openai')];
    return (baseURL, abortSignal) => generateText({ model: createOpenAI({ apiKey: 'k', baseURL }).chat('m'), prompt: 'x', maxRetries: 0, abortSignal });
  }),
  google: lazy(async () => {
    const { GoogleGenAI } = await import('@google/genai');
    return (baseUrl, abortSignal) => new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl } }).models.generateContent({ model: 'm', contents: 'x', config: { abortSignal } });
  }),
  mistral: lazy(async () => {
    const { Mistral } = await import('@mistralai/mistralai');
    return (serverURL, signal) => new Mistral({ apiKey: 'k', serverURL }).chat.complete({ model: 'm', messages }, { fetchOptions: { signal } });
  }),
  cohere: lazy(async () => {
    const { CohereClientV2 } = await import('cohere-ai');
    return (url, abortSignal) => new CohereClientV2({ token: 'k', baseUrl: url, environment: url }).chat({ model: 'm', messages }, { maxRetries: 0, abortSignal });
  }),
  ky: lazy(async () => {
    const { default: ky } = await import('ky');
    return (url, signal) => ky.get(url, { retry: 0, signal }).json();
  }),
  got: lazy(async () => {
    const { default: got } = await import('got');
    return (url, signal) => got(url, { retry: { limit: 0 }, signal }).json();
  }),
  axios: lazy(async () => {
    const { default: axios } = await import('axios');
    return (url, signal) => axios.get(url, { signal });
  }),
  bedrock: lazy(async () => {
    const [{ BedrockRuntimeClient, ConverseCommand }, { NodeHttpHandler }] = [await import('@aws-sdk/client-bedrock-runtime'), await import('@smithy/node-http-handler')];
    return (endpoint, abortSignal) => new BedrockRuntimeClient({ region: 'us-east-1', endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1, requestHandler: new NodeHttpHandler() }).send(new ConverseCommand({ modelId: 'm', messages: [] }), { abortSignal });
  }),
};
`;

const NAMES = ['openai6', 'groq', 'anthropic', 'ai', 'google', 'mistral', 'cohere', 'ky', 'got', 'axios', 'bedrock'];
/** openai 7 needs Node.js 22: .ci/deep runs this file on a newer one too. */
if (Number(process.versions.node.split('.')[0]) >= 22) NAMES.push('openai7');
const WITH_TIME_LIMIT = ['openai6', 'openai7', 'groq'];
/** Its errors have no headers. */
const WITHOUT_HEADERS = ['google'];

let folder: string;
let clients: Readonly<Record<string, Call>>;
let server: Server;
let asked: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clients-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'clients.js'), CLIENTS);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--force', ...PACKAGES], { cwd: folder, stdio: 'ignore' });
  const where = join(folder, 'clients.js');
  clients = ((await import(/* @vite-ignore */ where)) as { default: typeof clients }).default;
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      asked.push(performance.now());
      const kind = /^\/(\w+)/.exec(request.url ?? '')?.[1];
      if (kind === 'hang') return;
      if (kind === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      response.writeHead(Number(kind), { 'content-type': 'application/json', 'retry-after': '1' });
      response.end('{"error":{"message":"no"},"message":"no"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 300_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (kind: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${kind}`;

/** Runs the client in a retry around a circuit that opens with the first failure that counts. */
async function ask(name: string, kind: string, signal?: AbortSignal) {
  asked = [];
  const health = circuit({ consecutiveFailures: 100, openMs: 1 });
  const failures = circuit({ consecutiveFailures: 1, openMs: 60_000 });
  const call = task('call', (url: string, context) => (clients[name] as Call)(url, signal ?? context.signal));
  const options = { maxRetries: 1, initialDelayMs: 0 };
  const running = retry(circuitBreaker(call, { circuit: health }), options).execute(urlOf(kind));
  const thrown = await running.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Error);
  const calls = asked.length;
  const waitMs = (asked[1] ?? Number.NaN) - (asked[0] ?? Number.NaN);
  await circuitBreaker(
    task('same', () => Promise.reject(thrown)),
    { circuit: failures },
  )
    .execute(undefined)
    .catch(() => {});
  return { calls, waitMs, circuit: failures.state };
}

describe.each(NAMES)('%s', (name) => {
  it.each(['400', '401', '403', '404', '422'])('is asked once where the answer is %s', async (status) => {
    expect(await ask(name, status)).toMatchObject({ calls: 1, circuit: 'closed' });
  });

  it.each(['429', '500', '503'])('is asked again where the answer is %s, when Retry-After says', async (status) => {
    const { calls, waitMs, circuit } = await ask(name, status);
    expect({ calls, circuit }).toEqual({ calls: 2, circuit: 'open' });
    if (!WITHOUT_HEADERS.includes(name)) expect(waitMs).toBeGreaterThanOrEqual(1_000);
  });

  it('is asked again where the connection breaks', async () => {
    expect(await ask(name, 'reset')).toMatchObject({ calls: 2, circuit: 'open' });
  });

  it('is not asked again after an abort by a signal of its own, which does not count', async () => {
    const own = new AbortController();
    const running = ask(name, 'hang', own.signal);
    await expect.poll(() => asked.length).toBe(1);
    own.abort();
    expect(await running).toMatchObject({ calls: 1, circuit: 'closed' });
  });
});

it.each(NAMES.filter((name) => WITH_TIME_LIMIT.includes(name)))(
  '%s is asked again after a time limit of its own',
  async (name) => {
    expect(await ask(name, 'hang')).toMatchObject({ calls: 2, circuit: 'open' });
  },
);
