import { describe, expect, it } from 'vitest';
import { recognise } from '../../../src/wire/protocols/index.ts';
import { request } from '../exchange.ts';

const messages = [{ role: 'user', content: 'Hi' }];
const model = 'm';

const facts = (url: string, body: unknown, headers = {}) =>
  recognise(request(url, body, headers), { listed: true })?.facts;

describe('a request to a host that serves models is recognised', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', 'openai.chat'],
    ['https://api.groq.com/openai/v1/chat/completions', 'openai.chat'],
    ['https://api.x.ai/v1/chat/completions', 'openai.chat'],
    ['https://api.deepseek.com/chat/completions', 'openai.chat'],
    ['https://api.mistral.ai/v1/chat/completions', 'openai.chat'],
    ['https://openrouter.ai/api/v1/chat/completions', 'openai.chat'],
    ['https://generativelanguage.googleapis.com/v1beta/openai/chat/completions', 'openai.chat'],
    ['https://ai-gateway.vercel.sh/v1/chat/completions/', 'openai.chat'],
    ['http://vllm:8000/v1/chat/completions?a=b', 'openai.chat'],
    ['https://api.mistral.ai/v1/fim/completions', 'openai.completions'],
    ['https://api.openai.com/v1/completions', 'openai.completions'],
    ['https://api.openai.com/v1/responses', 'openai.responses'],
    ['https://x.openai.azure.com/openai/v1/responses?api-version=preview', 'openai.responses'],
    ['https://api.openai.com/v1/embeddings', 'openai.embeddings'],
    ['https://api.anthropic.com/v1/messages', 'anthropic.messages'],
    ['https://api.anthropic.com/v1/messages?beta=true', 'anthropic.messages'],
    ['http://litellm:4000/anthropic/v1/messages', 'anthropic.messages'],
    ['http://127.0.0.1:11434/api/chat', 'ollama.chat'],
    ['http://127.0.0.1:11434/api/generate', 'ollama.generate'],
    ['http://127.0.0.1:11434/api/embed', 'ollama.embed'],
    ['http://127.0.0.1:11434/api/embeddings', 'ollama.embed'],
    ['https://api.cohere.com/v2/chat', 'cohere.chat'],
    ['https://api.cohere.com/v2/embed', 'cohere.embed'],
  ])('%s', (url, protocol) => {
    expect(facts(url, { model, messages })).toMatchObject({ protocol, model });
  });

  it.each([
    [
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
      'google.generate',
      'gemini-2.5-flash',
    ],
    [
      'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/gemini-3:streamGenerateContent?alt=sse',
      ...['google.generate', 'gemini-3'],
    ],
    ['https://generativelanguage.googleapis.com/v1beta/models/e-1:batchEmbedContents', 'google.embed', 'e-1'],
    [
      'https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4@20250514:streamRawPredict',
      ...['anthropic.messages', 'claude-sonnet-4@20250514'],
    ],
    ['https://x.openai.azure.com/openai/deployments/my-gpt/chat/completions?api-version=1', 'openai.chat', 'my-gpt'],
    ['https://x.openai.azure.com/openai/deployments/my-e/embeddings', 'openai.embeddings', 'my-e'],
    [
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude-3%3A0/converse',
      ...['bedrock.converse', 'eu.anthropic.claude-3:0'],
    ],
    [
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Ainference-profile%2Feu.anthropic.c-3%3A0/converse-stream',
      ...['bedrock.converse', 'eu.anthropic.c-3:0'],
    ],
    [
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-3%3A0/invoke-with-response-stream',
      ...['anthropic.messages', 'anthropic.claude-3:0'],
    ],
    ['https://x/model/%E0%A4%A/converse', 'bedrock.converse', '%E0%A4%A'],
  ])('with the model in its path: %s', (url, protocol, model) => {
    const found = facts(url, { messages, contents: [], model: protocol === 'google.embed' ? 'models/e-1' : undefined });
    expect(found).toMatchObject({ protocol, model, streams: /stream/i.test(url) });
  });

  it.each([
    ['https://api.openai.com/v1/images/generations', {}],
    ['https://api.openai.com/v1/audio/transcriptions', {}],
    ['https://api.openai.com/v1/batches', {}],
    ['https://api.openai.com/v1/responses/resp_1/cancel', {}],
    ['https://api.openai.com/v1/chat/completions/x', {}],
    ['https://api.anthropic.com/v1/messages/batches', {}],
    ['https://api.anthropic.com/v1/messages/count_tokens', {}],
    ['https://generativelanguage.googleapis.com/v1beta/models/imagen-4:predict', {}],
    ['https://generativelanguage.googleapis.com/v1beta/models/m:countTokens', {}],
    ['https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.titan/invoke', {}],
    ['http://127.0.0.1:11434/api/show', {}],
  ])('but not %s', (url, body) => {
    expect(facts(url, body)).toBeUndefined();
  });

  it('only as a POST', () => {
    const asked = { ...request('https://api.openai.com/v1/responses', { model }), method: 'GET' };
    expect(recognise(asked, { listed: true })).toBeUndefined();
  });

  it('without a body that can be read: what is not known stays unknown', () => {
    expect(facts('https://api.mistral.ai/v1/chat/completions', undefined)).toMatchObject({
      ...{ protocol: 'openai.chat', model: undefined, streams: undefined, maxOutputTokens: undefined },
    });
    expect(facts('http://127.0.0.1:11434/api/chat', undefined)?.streams).toBeUndefined();
  });

  it('by the headers of the AI SDK, when it speaks to its gateway', () => {
    const headers = { 'ai-language-model-id': 'openai/gpt-5', 'ai-language-model-streaming': 'true' };
    expect(facts('https://ai-gateway.vercel.sh/v3/ai/language-model', { prompt: [] }, headers)).toMatchObject({
      ...{ protocol: 'ai-gateway.chat', model: 'openai/gpt-5', streams: true },
    });
  });
});

describe('on a host that is in no list', () => {
  const onAnyHost = (url: string, body: unknown, headers = {}) =>
    recognise(request(url, body, headers), { listed: false })?.facts.protocol;

  it('a request is recognised by its path and its body', () => {
    expect(onAnyHost('http://gw/v1/chat/completions', { model, messages })).toBe('openai.chat');
    expect(onAnyHost('http://gw/openai/deployments/d/chat/completions', { messages })).toBe('openai.chat');
    expect(onAnyHost('http://gw/v1/responses', { model, input: 'Hi' })).toBe('openai.responses');
    expect(onAnyHost('http://gw/v1/embeddings', { model, input: 'Hi' })).toBe('openai.embeddings');
    expect(onAnyHost('http://gw/v1/messages', { model, messages }, { 'anthropic-version': '2023-06-01' })).toBe(
      'anthropic.messages',
    );
    expect(onAnyHost('http://gw:11434/api/chat', { model, messages })).toBe('ollama.chat');
    expect(onAnyHost('http://gw/v1beta/models/m:generateContent', { contents: [] })).toBe('google.generate');
    expect(onAnyHost('http://gw/model/m/converse', { messages })).toBe('bedrock.converse');
  });

  it.each([
    ['https://app.example/api/chat', { id: 'x', messages, model }],
    ['https://app.example/v1/messages', { to: 'Ann', messages: ['Hello'], model }],
    ['https://app.example/responses', { survey: 7, answers: [1] }],
    ['https://app.example/responses', { model: 'T', answers: ['input'] }],
    ['https://app.example/v2/chat', { model, messages }],
    ['https://app.example/chat/completions', { course: 1, input: { model, messages } }],
    ['https://app.example/completions', { task: 1 }],
    ['https://app.example/embeddings', [{ model, input: 'x' }]],
    ['https://app.example/api/generate', { model, prompt: 'x' }],
    ['https://app.example/chat/completions', undefined],
    ['https://app.example/chat/completions', 'model=m&messages=x'],
    ['https://app.example/language-model', { prompt: 'x' }],
  ])('what only looks like a model call is none: %s %j', (url, body) => {
    expect(onAnyHost(url, body)).toBeUndefined();
  });
});

describe('of a request is known', () => {
  it('what it asks for, in the words of each protocol', () => {
    const chat = 'https://api.openai.com/v1/chat/completions';
    expect(
      facts(chat, {
        ...{
          model,
          messages,
          max_completion_tokens: 5,
          temperature: 0,
          top_p: 0.5,
          service_tier: 'flex',
          stream: true,
        },
        stream_options: { include_usage: true },
      }),
    ).toMatchObject({
      ...{ maxOutputTokens: 5, temperature: 0, topP: 0.5, serviceTier: 'flex', streams: true, asksForUsage: true },
    });
    expect(facts(chat, { model, messages, max_tokens: 6, n: 2, stream: true })).toMatchObject({
      ...{ maxOutputTokens: 6, choices: 2, asksForUsage: false },
    });
    expect(facts('https://x/v1/responses', { model, max_output_tokens: 7 })).toMatchObject({ maxOutputTokens: 7 });
    expect(
      facts('https://x/models/m:generateContent', {
        generationConfig: { maxOutputTokens: 8, candidateCount: 3, temperature: 1, topP: 1 },
      }),
    ).toMatchObject({ maxOutputTokens: 8, choices: 3, temperature: 1, topP: 1 });
    expect(facts('https://x/api/chat', { model, options: { num_predict: 9, temperature: 2 } })).toMatchObject({
      ...{ maxOutputTokens: 9, temperature: 2, streams: true },
    });
    expect(facts('https://x/model/m/converse', { inferenceConfig: { maxTokens: 10, topP: 0.1 } })).toMatchObject({
      ...{ maxOutputTokens: 10, topP: 0.1 },
    });
    expect(facts('https://x/v1/messages', { model, speed: 'fast', max_tokens: 3 })?.serviceTier).toBe('fast');
  });

  it('nothing that is no value of its kind', () => {
    const body = { model: 7, max_tokens: '5', temperature: null, top_p: -1, service_tier: {}, stream: 'yes' };
    expect(facts('https://x/chat/completions', body)).toMatchObject({
      ...{ model: undefined, maxOutputTokens: undefined, temperature: undefined, topP: undefined, choices: undefined },
      ...{ serviceTier: undefined, streams: false },
    });
  });

  it('also when its prompt is large and stands before its settings', () => {
    const long = [{ role: 'user', content: '"model":"no" '.repeat(100_000) }];
    expect(facts('https://x/chat/completions', { messages: long, model, stream: true })).toMatchObject({
      ...{ model, streams: true },
    });
  });
});
