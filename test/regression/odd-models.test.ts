/**
 * A model that was named as a workflow lost its requests from the metrics; an error with a `usage` of another sort was
 * counted as a call of 0 dollars; a reply without usage or text failed with what the engine says of null.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { llm, type Model, workflow } from '../../src/index.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const modelOf = (generate: () => Promise<unknown>) => ({ provider: 'fake', id: 'gpt-4', generate }) as unknown as Model;

it('counts the requests of a model that is a workflow by itself', async () => {
  const model = scriptedModel([{ text: 'hi', usage: { inputTokens: 1_000, outputTokens: 0 } }], {
    provider: 'openai',
    id: 'gpt-4',
  });
  await workflow('ask', llm(model)).execute('x');
  telemetry.expectSpans(`
    invoke_workflow ask
      chat gpt-4
  `);
  await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4', status: 'success' }, 1);
  await telemetry.expectMetric('tta_llm_request_duration_seconds_count', { model: 'gpt-4' }, 1);
  await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: 'ask' }, 0.03);
});

it.each([[null], ['usage: tool [options]'], [{ prompt_tokens: 7 }]])(
  'counts an answer whose usage is %j as unmetered',
  async (usage) => {
    await llm(modelOf(async () => ({ text: 'hi', usage }))).execute('x');
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 1);
  },
);

it('takes the usage of an error for tokens only where it is that', async () => {
  const error = Object.assign(new Error('no'), { usage: 'usage: tool [options]' });
  await expect(llm(modelOf(() => Promise.reject(error))).execute('x')).rejects.toBe(error);
  expect(telemetry.spans()[0]?.attributes).not.toHaveProperty('tta.llm.cost_usd');
});

it('says what is wrong with a reply that is none', async () => {
  await expect(llm(modelOf(async () => undefined)).execute('x')).rejects.toThrow(
    'llm: a Model must give a reply with a text, got undefined',
  );
});

it('takes its own limits where a request has none, also where that is said', async () => {
  const asked: unknown[] = [];
  const model = modelOf(((request: unknown) => {
    asked.push(request);
    return Promise.resolve({ text: 'hi' });
  }) as never);
  const limited = llm(model, { maxTokens: 9, temperature: 0 });
  const messages = [{ role: 'user', content: 'x' }] as const;
  await limited.execute({ messages, maxTokens: undefined });
  await limited.execute({ messages, maxTokens: 3, temperature: 1 });
  expect(asked).toMatchObject([
    { maxTokens: 9, temperature: 0 },
    { maxTokens: 3, temperature: 1 },
  ]);
});
