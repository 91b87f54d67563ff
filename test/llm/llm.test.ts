import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  llm,
  type Model,
  ModelReplyError,
  parallel,
  retry,
  sequential,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

const usage = { inputTokens: 1_000, outputTokens: 1_000 };

describe('llm', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const dollars = async (labels: Record<string, string> = {}) => {
    const { samples } = await telemetry.scrape();
    return samples
      .filter((s) => s.name === 'tta_llm_cost_total' && Object.entries(labels).every(([k, v]) => s.labels[k] === v))
      .reduce((sum, { value }) => sum + value, 0);
  };

  it.each([
    ['openai', 'gpt-4', 0.09],
    ['openai', 'gpt-3.5-turbo', 0.0035],
    ['anthropic', 'claude-3-opus', 0.09],
    ['anthropic', 'claude-sonnet-4-5', 0.018],
  ])('counts what 1,000 tokens in and out of %s %s cost', async (provider, model, expected) => {
    await llm(scriptedModel([{ text: 'hi', usage }], { provider, id: model })).execute('hello');
    expect(await dollars({ model, provider })).toBeCloseTo(expected, 12);
    await telemetry.expectMetric('tta_llm_requests_total', { model, provider, status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_input_tokens_total', { model, provider }, 1_000);
    await telemetry.expectMetric('tta_llm_output_tokens_total', { model, provider }, 1_000);
    await telemetry.expectMetric('tta_llm_request_duration_seconds_count', { model, provider }, 1);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', { model, provider }, 0);
  });

  it("knows no price for a model of another provider that has the name of one of OpenAI's", async () => {
    await llm(scriptedModel([{ text: 'hi', usage }], { provider: 'localhost', id: 'gpt-4' })).execute('hello');
    const labels = { model: 'gpt-4', provider: 'localhost' };
    expect(await dollars(labels)).toBe(0);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', labels, 1);
    await telemetry.expectMetric('tta_llm_input_tokens_total', labels, 1_000);
  });

  it("prefers the author's own prices, cached and written tokens included", async () => {
    const model = scriptedModel(
      [
        {
          usage: {
            inputTokens: 1_000,
            cachedInputTokens: 600,
            cacheWriteTokens: 100,
            outputTokens: 10,
            reasoningTokens: 4,
          },
        },
      ],
      { id: 'gpt-4' },
    );
    const prices = { 'gpt-4': { input: 10, output: 100, cachedInput: 1, cacheWrite: 20 } };
    await llm(model, { prices }).execute('hello');
    expect(await dollars()).toBeCloseTo((300 * 10 + 600 * 1 + 100 * 20 + 10 * 100) / 1e6, 12);
    await telemetry.expectMetric('tta_llm_cached_input_tokens_total', {}, 600);
    await telemetry.expectMetric('tta_llm_cache_write_tokens_total', {}, 100);
    await telemetry.expectMetric('tta_llm_reasoning_tokens_total', {}, 4);
  });

  it('counts a call of unknown price as unpriced, one without usage as unmetered, and neither as 0 dollars', async () => {
    await llm(scriptedModel([{ usage }], { id: 'nobody-knows' })).execute('hello');
    await llm(scriptedModel([{ text: 'no usage' }], { id: 'gpt-4' })).execute('hello');
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', { model: 'nobody-knows' }, 1);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'nobody-knows' }, 0);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', { model: 'gpt-4' }, 0);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 1);
    await telemetry.expectMetric('tta_llm_input_tokens_total', { model: 'nobody-knows' }, 1_000);
    expect(await dollars()).toBe(0);
  });

  it('shows the call on its span after the GenAI conventions, without prompt and reply', async () => {
    const model = scriptedModel(
      [{ text: 'a private reply', usage, model: 'gpt-4-0613', id: 'r1', finishReason: 'stop' }],
      {
        id: 'gpt-4',
        provider: 'openai',
      },
    );
    await llm(model, { maxTokens: 5, temperature: 0 }).execute('a private prompt');
    const [span] = telemetry.spans();
    expect(span?.name).toBe('chat gpt-4');
    expect(span?.kind).toBe(2);
    expect(span?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4',
      'gen_ai.request.max_tokens': 5,
      'gen_ai.request.temperature': 0,
      'gen_ai.response.model': 'gpt-4-0613',
      'gen_ai.response.id': 'r1',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 1_000,
      'gen_ai.usage.output_tokens': 1_000,
      'tta.llm.cost_usd': 0.09,
    });
    expect(JSON.stringify(span?.attributes) + (await telemetry.scrapeText())).not.toContain('private');
  });

  it('puts prompt and reply on the span when asked to', async () => {
    await llm(scriptedModel([{ text: 'pong', usage }]), { captureContent: true, system: 'be brief' }).execute('ping');
    const [span] = telemetry.spans();
    expect(JSON.parse(String(span?.attributes['gen_ai.input.messages']))).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
      { role: 'user', parts: [{ type: 'text', content: 'ping' }] },
    ]);
    expect(String(span?.attributes['gen_ai.output.messages'])).toContain('pong');
  });

  it('counts every try of a retry, and what a failed call cost that was billed all the same', async () => {
    const model = scriptedModel(
      [{ error: new ModelReplyError('no text', usage) }, { error: new Error('500') }, { text: 'ok', usage }],
      { provider: 'openai', id: 'gpt-4' },
    );
    await retry(llm(model), { initialDelayMs: 0 }).execute('hello');
    expect(await dollars()).toBeCloseTo(0.18, 12);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 2);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'success' }, 1);
  });

  it('counts what a call cost that answered after everybody had given up on it', async () => {
    const clock = createVirtualClock();
    const late: Model = {
      provider: 'openai',
      id: 'gpt-4',
      // A model that ignores its signal: the provider bills it all the same.
      generate: async () => {
        await clock.sleep(500);
        return { text: 'too late', usage };
      },
    };
    const running = timeout(llm(late), { timeoutMs: 100 }).execute('hello', { context: { clock } });
    running.catch(() => {});
    await clock.advance(100);
    await expect(running).rejects.toThrow('did not finish within 100 ms');
    expect(await dollars()).toBe(0);
    await clock.advance(400);
    expect(await dollars()).toBeCloseTo(0.09, 12);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 1);
  });

  it('adds the same dollars up by the outermost workflow, also when that fails', async () => {
    const ask = llm(scriptedModel([{ usage }], { provider: 'openai', id: 'gpt-4' }));
    const broken = task('broken', () => Promise.reject(new Error('after the call')));
    await workflow('outer', sequential(workflow('inner', parallel([ask, ask])), broken))
      .execute('x')
      .catch(() => {});
    await ask.execute('alone');
    await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: 'outer' }, 0.18);
    await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: '__none__' }, 0.09);
    await telemetry.expectMetric('tta_workflow_llm_cost_total', {}, 0.27);
    expect(await dollars()).toBeCloseTo(0.27, 12);
  });

  it('takes nonsense in the usage for nothing', async () => {
    const nonsense = { inputTokens: Number.NaN, outputTokens: -5, cachedInputTokens: 7 };
    await llm(scriptedModel([{ usage: nonsense }], { id: 'gpt-4' })).execute('x');
    expect(await dollars()).toBe(0);
    await telemetry.expectMetric('tta_llm_cached_input_tokens_total', {}, 0);
    await telemetry.expectMetric('tta_llm_output_tokens_total', {}, 0);
  });

  it('rejects input that is no request', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    await expect(llm(scriptedModel([{}])).execute({ messages: [] })).rejects.toThrow(
      'llm: input must be a text or a request { messages: [message, …] }, got an object with 1 key',
    );
    await expect(llm(scriptedModel([{}])).execute(messages as never)).rejects.toThrow(
      'llm: input must be a text or a request { messages: [message, …] }, got an array of 1',
    );
    await settled();
  });

  it.each([
    [undefined, {}, 'llm: model must be a Model'],
    [{ provider: 'x', id: '' }, {}, 'llm: model.id must be a text that is not empty, got ""'],
    [
      scriptedModel([{}]),
      { prices: { 'gpt-4': { input: -1, output: 1 } } },
      'prices["gpt-4"].input must be a finite number, 0 or more, got -1',
    ],
    [scriptedModel([{}]), { maxTokens: 0 }, 'LlmOptions: maxTokens must be a whole number, 1 or more, got 0'],
  ])('refuses a wrong model or option at construction', (model, options, message) => {
    expect(() => llm(model as never, options)).toThrow(message);
  });
});
