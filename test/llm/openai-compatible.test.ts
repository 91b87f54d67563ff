import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { llm, openAICompatible, retry } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ModelServer, startModelServer } from '../../src/tools/offline-model/model-server.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog. It was not amused. The fox ran on.';

describe('openAICompatible', () => {
  let server: ModelServer;
  let telemetry: TestTelemetry;
  beforeAll(async () => {
    server = await startModelServer();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const model = (options = {}) =>
    openAICompatible({ baseURL: server.baseURL, model: 'offline-small', provider: 'offline', ...options });

  it('asks over HTTP by the official client and counts the tokens that the server counted', async () => {
    const prices = { 'offline-small': { input: 1.5, output: 2 } };
    const { text, usage, finishReason } = await llm(model(), { prices }).execute(TEXT);
    expect(text).toContain('fox');
    expect(finishReason).toBe('stop');
    expect(usage?.inputTokens).toBeGreaterThan(10);
    const labels = { model: 'offline-small', provider: 'offline' };
    await telemetry.expectMetric('tta_llm_input_tokens_total', labels, usage?.inputTokens ?? -1);
    const cost = ((usage?.inputTokens ?? 0) * 1.5 + (usage?.outputTokens ?? 0) * 2) / 1e6;
    await telemetry.expectMetric('tta_llm_cost_total', labels, cost);
    expect(telemetry.spans()[0]?.attributes).toMatchObject({
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(server.baseURL).port),
    });
  });

  it('gives a reply that JSON does not change: it can cross a queue', async () => {
    const reply = await llm(model()).execute(TEXT);
    expect(JSON.parse(JSON.stringify(reply))).toStrictEqual(reply);
  });

  it('sends one request per execution: retries are ours and counted', async () => {
    const before = server.requests();
    const missing = llm(model({ model: 'no-such-model' }));
    await expect(
      retry(missing, { maxRetries: 2, initialDelayMs: 0, when: () => true }).execute(TEXT),
    ).rejects.toMatchObject({
      status: 404,
    });
    expect(server.requests() - before).toBe(3);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'no-such-model', status: 'failure' }, 3);
  });

  it("keeps the caller's reason of an abort", async () => {
    const reason = new Error('not needed any more');
    const controller = new AbortController();
    const running = llm(model()).execute(TEXT, { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('asks also where a test environment has a DOM', async () => {
    for (const name of ['window', 'document', 'navigator']) vi.stubGlobal(name, { document: {} });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect((await llm(model()).execute(TEXT)).text).toContain('fox');
  });

  it('connects at the next call when the key was missing at the first', async () => {
    vi.stubEnv('OPENAI_BASE_URL', server.baseURL);
    vi.stubEnv('OPENAI_API_KEY', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const ask = llm(openAICompatible({ model: 'offline-small' }));
    await expect(ask.execute(TEXT)).rejects.toThrow('OPENAI_API_KEY');
    vi.stubEnv('OPENAI_API_KEY', 'any');
    expect((await ask.execute(TEXT)).text).toContain('fox');
  });

  it('takes the provider from the address', () => {
    expect(openAICompatible({ model: 'gpt-4' }).provider).toBe('openai');
    expect(openAICompatible({ model: 'gpt-4', baseURL: 'https://api.openai.com/v1' }).provider).toBe('openai');
    expect(openAICompatible({ model: 'm', baseURL: 'https://api.groq.com/openai/v1' }).provider).toBe('groq');
    expect(openAICompatible({ model: 'm', baseURL: 'https://llm.example.com/v1' }).provider).toBe('llm.example.com');
  });

  it('is of the provider that OPENAI_BASE_URL leads to, once the client has read it', async () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('OPENAI_API_KEY', 'any');
    vi.stubEnv('OPENAI_BASE_URL', ' http://127.0.0.1:11434/v1 ');
    const elsewhere = openAICompatible({ model: 'gpt-4' });
    expect(await elsewhere.findServer?.()).toEqual({
      provider: 'ollama',
      serverAddress: '127.0.0.1',
      serverPort: 11434,
    });
    vi.stubEnv('OPENAI_BASE_URL', '');
    const openai = openAICompatible({ model: 'gpt-4' });
    expect(await openai.findServer?.()).toMatchObject({ provider: 'openai', serverAddress: 'api.openai.com' });
    expect(openAICompatible({ model: 'gpt-4', baseURL: server.baseURL })).not.toHaveProperty('findServer');
  });

  it('refuses an address that is none', () => {
    for (const baseURL of ['http://u:hunter2@host/v1', 'http://host/v1?key=hunter2', 'http://host/v1#hunter2']) {
      const make = () => openAICompatible({ model: 'm', baseURL });
      expect(make).toThrow('OpenAICompatibleOptions: baseURL must have no user, password, query or fragment: ');
      expect(make).not.toThrow('hunter2');
    }
    expect(() => openAICompatible({ model: 'm', baseURL: 'localhost' })).toThrow(
      'OpenAICompatibleOptions: baseURL must be a URL that starts with http:// or https://, such as http://127.0.0.1:11434/v1, got a text of 9 characters',
    );
  });
});
