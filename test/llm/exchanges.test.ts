/** The recorded exchanges of the wire, by way of the port: a call costs the same, whoever counts it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { llm, llmStream, openAICompatible, type Price } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { read } from '../support/chat-server.ts';
import { chunksOf, EXCHANGES, type Exchange } from '../wire/exchange.ts';

type Recorded = Exchange & { readonly price: Price | null; readonly expected: { readonly provider: string } };
const chats = (EXCHANGES as readonly Recorded[]).filter(({ expected }) => expected.protocol === 'openai.chat');

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => {
  vi.unstubAllGlobals();
  return telemetry.stop();
});

const answerWith = (body: BodyInit, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  vi.stubGlobal('fetch', async () => new Response(body, { status, headers }));

describe.each(chats)('the recorded exchange $name', ({ request, response, expected, ...recorded }) => {
  it('has the tokens and the dollars that were worked out by hand', async () => {
    const { provider, requestModel, outcome, usage, dollars } = expected;
    const { 'content-encoding': _, ...headers } = response.headers;
    const bytes = chunksOf({ request, response, expected, ...recorded });
    answerWith(new Blob(bytes.map((each) => new Uint8Array(each))).stream(), response.status, headers);
    const baseURL = request.url.replace(/\/chat\/completions$/, '');
    const model = openAICompatible({ model: requestModel, baseURL, apiKey: 'KEY' });
    const running = expected.stream ? llmStream(model).execute('hi').then(read) : llm(model).execute('hi');
    if (outcome === 'answered') await running;
    else await expect(running).rejects.toMatchObject({ status: response.status });

    const labels = { model: requestModel, provider };
    await telemetry.expectMetric('tta_llm_cost_total', labels, dollars ?? 0);
    await telemetry.expectMetric('tta_llm_input_tokens_total', labels, usage?.inputTokens ?? 0);
    await telemetry.expectMetric('tta_llm_output_tokens_total', labels, usage?.outputTokens ?? 0);
    await telemetry.expectMetric('tta_llm_cached_input_tokens_total', labels, usage?.cachedInputTokens ?? 0);
    const isUnmetered = outcome === 'answered' && usage === null;
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', labels, isUnmetered ? 1 : 0);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', labels, 0);
  });
});

describe('the dollars that a reply states', () => {
  const reply = (more: object, content: string | null = 'Hello') => ({
    ...{ id: 'r', model: 'anthropic/claude-4.5-sonnet', ...more },
    choices: [{ index: 0, message: { content, refusal: content === null ? 'no' : null }, finish_reason: 'stop' }],
  });
  const usage = { prompt_tokens: 1_000, completion_tokens: 1_000, cost: 0.5 };
  const ask = (baseURL: string) => llm(openAICompatible({ model: 'gpt-4', baseURL, apiKey: 'k' })).execute('hi');

  it('are believed from hosts that are known for it, also in a refusal', async () => {
    answerWith(JSON.stringify(reply({ usage })), 200, { 'content-type': 'application/json' });
    await expect(ask('https://openrouter.ai/api/v1')).resolves.toMatchObject({ dollars: 0.5 });
    answerWith(JSON.stringify(reply({ usage }, null)), 200, { 'content-type': 'application/json' });
    await expect(ask('https://openrouter.ai/api/v1')).rejects.toMatchObject({
      reason: 'refusal',
      reply: { dollars: 0.5 },
    });
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4', provider: 'openrouter' }, 1);
  });

  it('are not believed from any other host', async () => {
    answerWith(JSON.stringify(reply({ model: 'gpt-4', usage: { ...usage, cost: 0 } })), 200, {
      'content-type': 'application/json',
    });
    expect((await ask('https://api.openai.com/v1')).dollars).toBeUndefined();
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4', provider: 'openai' }, 0.09);
  });

  it.each([[-1], ['abc'], [Number.NaN], [null], [{}], [1e12]])('are not believed where they are %j', async (cost) => {
    answerWith(JSON.stringify(reply({ usage: { ...usage, cost } })), 200, { 'content-type': 'application/json' });
    await ask('https://openrouter.ai/api/v1');
    const { samples } = await telemetry.scrape();
    const paid = samples.filter(
      ({ name, labels }) => name === 'tta_llm_cost_total' && labels.provider === 'openrouter',
    );
    expect(paid.reduce((sum, { value }) => sum + value, 0)).toBeLessThan(1);
  });
});

it('has the price of the tier that the reply names, whole and in chunks', async () => {
  const prices = {
    'gpt-4': [
      { input: 10, output: 10 },
      { input: 1, output: 1, tier: 'flex' },
    ],
  };
  const usage = { prompt_tokens: 1_000, completion_tokens: 1_000 };
  const options = { baseURL: 'https://api.openai.com/v1', apiKey: 'k', body: { service_tier: 'flex' } };
  const model = openAICompatible({ model: 'gpt-4', ...options });
  const choice = { index: 0, finish_reason: 'stop' };
  answerWith(
    JSON.stringify({ service_tier: 'flex', usage, choices: [{ ...choice, message: { content: 'a' } }] }),
    200,
    { 'content-type': 'application/json' },
  );
  await llm(model, { prices }).execute('hi');
  const chunks = [
    { service_tier: 'flex', choices: [{ ...choice, delta: { content: 'a' } }] },
    { choices: [], usage },
  ];
  answerWith(chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join(''), 200, {
    'content-type': 'text/event-stream',
  });
  await read(await llmStream(model, { prices }).execute('hi'));
  await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4', provider: 'openai' }, 0.004);
});
