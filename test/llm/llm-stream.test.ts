import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fallback, llmStream, type Model, type ModelChunk, openAICompatible, retry } from '../../src/index.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ModelServer, startModelServer } from '../../src/tools/offline-model/model-server.ts';

const usage = { inputTokens: 1_000, outputTokens: 1_000 };

const modelOf = (stream: () => AsyncGenerator<ModelChunk>): Model => ({
  provider: 'openai',
  id: 'gpt-4',
  generate: () => Promise.reject(new Error('not asked for')),
  stream,
});

async function read(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

describe('llmStream', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('gives the texts as they come, tells the time to the first, and bills at the end', async () => {
    const clock = createVirtualClock();
    const model = modelOf(async function* () {
      yield { id: 'r1' };
      await clock.sleep(300);
      yield { text: 'Hello ' };
      yield { text: 'world', finishReason: 'stop' };
      yield { usage };
    });
    const running = llmStream(model).execute('hi', { context: { clock } });
    await clock.advance(300);
    await expect(read(await running)).resolves.toBe('Hello world');
    const labels = { model: 'gpt-4', provider: 'openai' };
    await telemetry.expectMetric('tta_llm_time_to_first_chunk_seconds_sum', labels, 0.3);
    await telemetry.expectMetric('tta_llm_time_to_first_chunk_seconds_count', labels, 1);
    await telemetry.expectMetric('tta_llm_cost_total', labels, 0.09);
    await telemetry.expectMetric('tta_llm_requests_total', { ...labels, status: 'success' }, 1);
    expect(telemetry.spans()[0]?.attributes).toMatchObject({
      'gen_ai.response.id': 'r1',
      'gen_ai.response.finish_reasons': ['stop'],
      'tta.stream.end': 'done',
    });
  });

  it('lets a retry repeat and a fallback replace what fails before the first chunk', async () => {
    let calls = 0;
    const flaky = modelOf(async function* () {
      calls += 1;
      if (calls === 1) throw new Error('connection refused');
      yield { text: 'second time', usage };
    });
    await expect(read(await retry(llmStream(flaky), { initialDelayMs: 0 }).execute('hi'))).resolves.toBe('second time');
    const dead = modelOf(async function* () {
      yield* [];
      throw new Error('dead');
    });
    await expect(read(await fallback(llmStream(dead), [llmStream(flaky)]).execute('hi'))).resolves.toBe('second time');
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 2);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'success' }, 2);
  });

  it('counts a reply that broke off before its usage was told as unmetered, not as unpriced', async () => {
    const cut = modelOf(async function* () {
      yield { text: 'half a sen' };
      throw new TypeError('terminated');
    });
    await expect(read(await llmStream(cut).execute('hi'))).rejects.toThrow('terminated');
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 1);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', {}, 0);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 1);
  });

  it('counts a reply that its reader has left as unmetered, though its price is given', async () => {
    const long = modelOf(async function* () {
      yield { text: 'one' };
      yield { text: 'two', usage: { inputTokens: 1, outputTokens: 2 } };
    });
    const prices = { 'gpt-4': { input: 1, output: 1 } };
    for await (const _ of await llmStream(long, { prices }).execute('hi')) break;
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 1);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', {}, 0);
    expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'tta.llm.metered': false, 'tta.stream.end': 'left' });
    expect(telemetry.spans()[0]?.attributes).not.toHaveProperty('tta.llm.priced');
  });

  it('takes the usage of a reply that was left or broke off for a lower bound, until its reason or its end has come', async () => {
    const usage = { inputTokens: 1, outputTokens: 1 };
    const talking = (last: object, error?: Error) =>
      modelOf(async function* () {
        yield { text: 'one', usage };
        yield { text: 'two', ...last };
        if (error !== undefined) throw error;
        yield { text: 'three', usage: { inputTokens: 1, outputTokens: 9 } };
      });
    const readTwo = async (model: Model) => {
      let read = 0;
      for await (const _ of await llmStream(model).execute('hi')) if (++read === 2) break;
    };
    await readTwo(talking({}));
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 1);
    await expect(read(await llmStream(talking({}, new Error('cut'))).execute('hi'))).rejects.toThrow('cut');
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 2);
    await telemetry.expectMetric('tta_llm_output_tokens_total', {}, 2);
    await readTwo(talking({ usage: { outputTokens: 5 }, finishReason: 'stop' }));
    await read(await llmStream(talking({})).execute('hi'));
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 2);
    await telemetry.expectMetric('tta_llm_output_tokens_total', {}, 2 + 5 + 9);
  });

  it('keeps the dollars that a reply has stated where its end states 0', async () => {
    const stating = modelOf(async function* () {
      yield { text: 'one', usage, dollars: 0.5 };
      yield { text: 'two', dollars: 0 };
    });
    await read(await llmStream(stating).execute('hi'));
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.5);
  });

  it('refuses a model that cannot stream', () => {
    const { stream: _, ...silent } = modelOf(async function* () {});
    expect(() => llmStream(silent)).toThrow('llmStream: model.stream must be a function, got undefined');
  });

  describe('over HTTP', () => {
    let server: ModelServer;
    beforeAll(async () => {
      server = await startModelServer();
    });
    afterAll(() => server.close());

    it('streams by the official client, with the usage of the last chunk', async () => {
      const model = openAICompatible({ baseURL: server.baseURL, model: 'offline-large', provider: 'offline' });
      const text = await read(await llmStream(model).execute('The fox ran. The dog slept. The sun shone on both.'));
      expect(text).toContain('fox');
      const { samples } = await telemetry.scrape();
      const tokens = samples.find(
        ({ name, labels }) => name === 'tta_llm_output_tokens_total' && labels.model === 'offline-large',
      );
      expect(tokens?.value).toBeGreaterThan(0);
    });

    it("ends an aborted stream with the caller's reason and not silently", async () => {
      const model = openAICompatible({ baseURL: server.baseURL, model: 'offline-large', provider: 'offline' });
      const controller = new AbortController();
      const chunks = await llmStream(model).execute('One. Two. Three. Four.', { signal: controller.signal });
      const reason = new Error('seen enough');
      controller.abort(reason);
      await expect(read(chunks)).rejects.toBe(reason);
    });
  });
});
