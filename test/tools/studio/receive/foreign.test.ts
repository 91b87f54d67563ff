import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../../src/tools/studio/model/facts.ts';
import type { Attributes, StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { withStandardNames } from '../../../../src/tools/studio/receive/foreign.ts';

const span = (attributes: Attributes, more: Partial<StudioSpan> = {}): StudioSpan => ({
  ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: null, name: 'a span', kind: 'internal' },
  ...{ service: 'test', scope: 'another', startUs: 1_000_000, startRestNs: 0, durationNs: 1e9 },
  ...{ status: 'unset', statusMessage: '', attributes, events: [], links: [], resource: {}, cut: 0 },
  ...more,
});

const facts = (attributes: Attributes, more?: Partial<StudioSpan>) =>
  factsOf(withStandardNames(span(attributes, more)));
const event = (name: string, attributes: Attributes, atUs = 1_000_000) => ({ name, atUs, attributes });

describe('a span of another instrumentation', () => {
  it.each([
    [
      'older GenAI conventions',
      { 'gen_ai.system': 'vertexai', 'gen_ai.request.model': 'gemini', 'gen_ai.usage.prompt_tokens': 3 },
      { type: 'chat', model: 'gemini', provider: 'gcp.vertex_ai', tokens: { input: 3, output: null } },
    ],
    [
      'LangSmith',
      {
        'langsmith.span.kind': 'llm',
        'gen_ai.system': 'anthropic',
        'gen_ai.request.model': 'claude',
        'gen_ai.usage.input_tokens': 3,
      },
      { type: 'chat', model: 'claude', provider: 'anthropic', tokens: { input: 3 } },
    ],
    [
      'Langfuse',
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'gpt-4o',
        'langfuse.observation.usage_details': '{"input":3,"output":5,"total":8}',
        'langfuse.observation.cost_details': '{"input":0.1,"output":0.2,"total":0.3}',
        'langfuse.session.id': 's-1',
        'langfuse.observation.input': '[{"role":"user","content":"hello"}]',
      },
      {
        ...{ type: 'chat', model: 'gpt-4o', session: 's-1', tokens: { input: 3, output: 5 }, nanodollars: 300_000_000 },
        conversation: { input: [{ role: 'user', parts: [{ text: 'hello' }] }] },
      },
    ],
    [
      'MLflow',
      {
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.llm.model': '"gpt-4o"',
        'mlflow.chat.tokenUsage': '{"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}',
      },
      { type: 'chat', model: 'gpt-4o', tokens: { input: 3, output: 5 } },
    ],
    [
      'Mastra',
      { 'mastra.span.type': 'model_generation', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.usage.input_tokens': 3 },
      { type: 'chat', model: 'gpt-4o', tokens: { input: 3 } },
    ],
    [
      'OpenInference, a tool',
      { 'openinference.span.kind': 'TOOL', 'tool.name': 'weather' },
      { type: 'execute_tool', group: 'tool', label: 'weather' },
    ],
    [
      'OpenInference, a chain around a call, which repeats its usage',
      { 'openinference.span.kind': 'CHAIN', 'llm.token_count.prompt': 3, 'llm.model_name': 'gpt-4o' },
      { isModelCall: false, tokens: { input: null } },
    ],
    [
      'OpenLIT, with its dollars',
      { 'gen_ai.operation.name': 'chat', 'gen_ai.usage.cost': 0.002, 'gen_ai.server.time_to_first_token': 0.5 },
      { nanodollars: 2_000_000, firstChunkUs: 500_000 },
    ],
    [
      'an agent that states the dollars of all its calls',
      { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.cost': 0.002 },
      { nanodollars: null },
    ],
    [
      'numbers that are texts',
      { 'llm.request.type': 'completion', 'llm.usage.prompt_tokens': '3', 'llm.usage.completion_tokens': 'five' },
      { type: 'text_completion', tokens: { input: 3, output: null } },
    ],
    [
      'the Vercel AI SDK, an object with cached tokens on Bedrock',
      {
        'ai.operationId': 'ai.streamObject.doStream',
        'ai.model.id': 'nova',
        'ai.model.provider': 'amazon-bedrock',
        'ai.usage.cachedInputTokens': 2,
        'ai.usage.reasoningTokens': 1,
      },
      { type: 'chat', model: 'nova', provider: 'aws.bedrock', tokens: { cached: 2, reasoning: 1, input: null } },
    ],
  ])('has one set of names: %s', (_, attributes, expected) => {
    expect(facts(attributes)).toMatchObject(expected);
  });

  it('has its messages from events of older conventions', () => {
    const call = { 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o' };
    const events = [
      event('gen_ai.system.message', { content: 'be short' }),
      event('gen_ai.user.message', { content: 'hello' }),
      event('gen_ai.choice', { message: '{"content":"hi"}', index: 0 }),
    ];
    expect(facts(call, { events }).conversation).toMatchObject({
      input: [
        { role: 'system', parts: [{ text: 'be short' }] },
        { role: 'user', parts: [{ text: 'hello' }] },
      ],
      output: [{ role: 'assistant', parts: [{ text: '{"content":"hi"}' }] }],
    });
  });

  it('has the time to its first chunk from an event', () => {
    const events = [event('First Token Stream Event', {}, 1_250_000), event('First Token Stream Event', {}, 1_500_000)];
    expect(facts({ 'openinference.span.kind': 'LLM' }, { events }).firstChunkUs).toBe(250_000);
  });

  it('failed where it has the type of an error and no status', () => {
    const call = { 'gen_ai.operation.name': 'chat', 'error.type': 'timeout' };
    expect(facts(call).error).toMatchObject({ type: 'timeout' });
    expect(facts(call, { status: 'ok' }).error).toBeNull();
    expect(facts({ 'error.type': 'timeout' }).error).toBeNull();
  });

  it('keeps its own attributes, and values under current names are not replaced', () => {
    const attributes = {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'right', 'ai.model.id': 'other' },
      ...{ 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.prompt_tokens': 7, 'gen_ai.response.model': null },
      'ai.response.model': 'dated',
    };
    const { attributes: after } = withStandardNames(span(attributes));
    expect(after).toEqual({ ...attributes, 'gen_ai.response.model': 'dated' });
  });

  it('has the same names when it is read twice', () => {
    const once = withStandardNames(span({ 'ai.operationId': 'ai.toolCall', 'ai.toolCall.name': 'weather' }));
    expect(withStandardNames(once)).toBe(once);
  });

  it('without any of these names stays as it is, as does one of ours', () => {
    const plain = span({ 'http.request.method': 'GET', 'error.type': '500' });
    expect(withStandardNames(plain)).toBe(plain);
    const ours = span({ 'openinference.span.kind': 'LLM', 'llm.token_count.prompt': 3 }, { scope: 'tta-primitives' });
    expect(withStandardNames(ours)).toBe(ours);
  });

  it.each([
    ['gen_ai.operation.name', 'constructor'],
    ['gen_ai.operation.name', '__proto__'],
    ['openinference.span.kind', { toString: 5 }],
    ['langfuse.observation.usage_details', '{"input":'],
    ['gen_ai.prompt.999.content', 'x'],
    ['llm.output_messages.0.message.tool_calls.999.tool_call.function.name', 'x'],
    ['ai.response.toolCalls', '[null,7]'],
    ['ai.telemetry.metadata.__proto__', 'x'],
    ['gen_ai.system', '.'.repeat(30_000)],
  ])('with a hostile %s is read', (name, value) => {
    const call = { 'gen_ai.operation.name': 'chat', 'langfuse.observation.type': 'generation', [name]: value };
    expect(() => JSON.stringify(facts(call))).not.toThrow();
  });

  it('with a long conversation gets no second copy of it', () => {
    const long = Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`gen_ai.prompt.${i}.content`, 'x'.repeat(10_000)]),
    );
    const { attributes } = withStandardNames(span({ 'llm.request.type': 'chat', ...long }));
    expect(attributes['gen_ai.input.messages']).toBeUndefined();
  });
});
