import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laterParts } from '../../src/ledger/usage-parts.ts';
import {
  AI_SDK_USAGE,
  ANTHROPIC_USAGE,
  COHERE_USAGE,
  CONVERSE_USAGE,
  GOOGLE_USAGE,
  OLLAMA_USAGE,
  OPENAI_USAGE,
  type UsageShape,
  withoutOutput,
} from '../../src/ledger/usage-shapes.ts';

const SHAPES = {
  AI_SDK_USAGE,
  ANTHROPIC_USAGE,
  COHERE_USAGE,
  CONVERSE_USAGE,
  GOOGLE_USAGE,
  OLLAMA_USAGE,
  OPENAI_USAGE,
};

const readUsage = (shape: UsageShape, usage: unknown) => shape.usageOf(shape.parts(usage));

/** The numbers that are known, and whether they are all. */
function said(shape: UsageShape, usage: unknown) {
  const answer = readUsage(shape, usage);
  if (answer === undefined) return undefined;
  const known = Object.entries(answer.usage).filter(([, tokens]) => tokens !== undefined);
  return { ...Object.fromEntries(known), ...(answer.isWhole ? {} : { isWhole: false }) };
}

describe('usage of OpenAI', () => {
  it.each([
    ['chat', { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }, { inputTokens: 9, outputTokens: 2 }],
    ['responses', { input_tokens: 9, output_tokens: 2, total_tokens: 11 }, { inputTokens: 9, outputTokens: 2 }],
    [
      'its parts',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 20, audio_tokens: 7 },
        completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 5 },
      },
      {
        ...{ inputTokens: 100, outputTokens: 50, cachedInputTokens: 60, cacheWriteTokens: 20, reasoningTokens: 30 },
        ...{ inputAudioTokens: 7, outputAudioTokens: 5 },
      },
    ],
    [
      'DeepSeek',
      { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 2 },
      { inputTokens: 10, outputTokens: 1, cachedInputTokens: 8 },
    ],
    [
      'Moonshot',
      { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 8 },
      { inputTokens: 10, outputTokens: 1, cachedInputTokens: 8 },
    ],
    [
      'xAI, which leaves reasoning out of the output',
      {
        ...{ prompt_tokens: 100, completion_tokens: 50, total_tokens: 350 },
        completion_tokens_details: { reasoning_tokens: 200 },
      },
      { inputTokens: 100, outputTokens: 250, reasoningTokens: 200 },
    ],
    [
      'reasoning that is larger than the output, without a total',
      { prompt_tokens: 1, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 200 } },
      { inputTokens: 1, outputTokens: 205, reasoningTokens: 200 },
    ],
    [
      'reasoning inside of the output',
      {
        ...{ prompt_tokens: 100, completion_tokens: 250, total_tokens: 350 },
        completion_tokens_details: { reasoning_tokens: 200 },
      },
      { inputTokens: 100, outputTokens: 250, reasoningTokens: 200 },
    ],
    [
      'Gemini behind the same form, where only the total has the thoughts',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 515 },
      { inputTokens: 10, outputTokens: 505 },
    ],
    ['no output, but a total', { prompt_tokens: 9, total_tokens: 11 }, { inputTokens: 9, outputTokens: 2 }],
    ['no input, but a total', { completion_tokens: 2, total_tokens: 11 }, { inputTokens: 9, outputTokens: 2 }],
  ])('is read: %s', (_, usage, expected) => {
    expect(said(OPENAI_USAGE, usage)).toEqual(expected);
  });

  it.each([
    ...[{}, null, undefined, 7, 'usage', [], { prompt_tokens: null, completion_tokens: null, total_tokens: null }],
    ...[{ total_tokens: 12 }, { prompt_tokens: -1, completion_tokens: -5 }, { prompt_tokens: Number.NaN }],
    ...[{ prompt_tokens: '9', completion_tokens: '2' }, { prompt_tokens: Number.POSITIVE_INFINITY }],
  ])('is unknown, not 0, where nothing useful is said: %j', (usage) => {
    expect(said(OPENAI_USAGE, usage)).toBeUndefined();
  });

  it('is a lower bound where one number is missing or wrong', () => {
    const input = { inputTokens: 9, outputTokens: 0, isWhole: false };
    expect(said(OPENAI_USAGE, { prompt_tokens: 9 })).toEqual(input);
    expect(said(OPENAI_USAGE, { prompt_tokens: 9, completion_tokens: -2 })).toEqual(input);
    expect(said(OPENAI_USAGE, { completion_tokens: 3 })).toEqual({ inputTokens: 0, outputTokens: 3, isWhole: false });
  });

  it('has no output with embeddings, where a total alone is the input', () => {
    const shape = withoutOutput(OPENAI_USAGE);
    expect(said(shape, { prompt_tokens: 11, total_tokens: 11 })).toEqual({ inputTokens: 11, outputTokens: 0 });
    expect(said(shape, { total_tokens: 11 })).toEqual({ inputTokens: 11, outputTokens: 0 });
    expect(said(shape, {})).toBeUndefined();
  });
});

describe('usage of Anthropic', () => {
  const usage = {
    ...{ input_tokens: 2000, cache_read_input_tokens: 6000, cache_creation_input_tokens: 2000, output_tokens: 500 },
    cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 1000 },
  };
  const whole = {
    ...{ inputTokens: 10000, outputTokens: 500, cachedInputTokens: 6000 },
    ...{ cacheWriteTokens: 2000, cacheWrite1hTokens: 1000 },
  };

  it('has in its input what was read from the cache, and what was written to it', () => {
    expect(said(ANTHROPIC_USAGE, usage)).toEqual(whole);
    expect(said(ANTHROPIC_USAGE, { ...usage, cache_creation_input_tokens: null })).toEqual(whole);
    expect(said(ANTHROPIC_USAGE, { output_tokens: 5, cache_read_input_tokens: 10 })).toEqual({
      ...{ inputTokens: 10, outputTokens: 5, cachedInputTokens: 10 },
      isWhole: false,
    });
  });

  it.each([
    { output_tokens: 500 },
    { output_tokens: 500, input_tokens: 0, cache_read_input_tokens: null, cache_creation_input_tokens: 0 },
    { output_tokens: 500, input_tokens: 2000, cache_read_input_tokens: 6000, cache_creation_input_tokens: 2000 },
  ])('is cumulative, and a later delta erases nothing: %j', (delta) => {
    const start = ANTHROPIC_USAGE.parts({ ...usage, output_tokens: 4 });
    const end = laterParts(start, ANTHROPIC_USAGE.parts(delta));
    expect(ANTHROPIC_USAGE.usageOf(end)).toEqual(readUsage(ANTHROPIC_USAGE, usage));
  });
});

describe('usage of others', () => {
  it('of Google: thoughts are output, and what tools add to the prompt is input', () => {
    const usage = {
      ...{ promptTokenCount: 1000, cachedContentTokenCount: 400, candidatesTokenCount: 200, thoughtsTokenCount: 300 },
      ...{ toolUsePromptTokenCount: 50, totalTokenCount: 1550 },
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 940 },
        { modality: 'AUDIO', tokenCount: 60 },
      ],
    };
    expect(said(GOOGLE_USAGE, usage)).toEqual({
      ...{ inputTokens: 1050, outputTokens: 500, cachedInputTokens: 400, reasoningTokens: 300, inputAudioTokens: 60 },
    });
    expect(said(GOOGLE_USAGE, { promptTokenCount: 7, totalTokenCount: 7 })).toEqual({
      inputTokens: 7,
      outputTokens: 0,
    });
    expect(said(GOOGLE_USAGE, { promptTokenCount: 7, thoughtsTokenCount: 90, totalTokenCount: 97 })).toEqual({
      ...{ inputTokens: 7, outputTokens: 90, reasoningTokens: 90 },
    });
    expect(said(GOOGLE_USAGE, { totalTokenCount: 7 })).toBeUndefined();
  });

  it('of Bedrock, Ollama, Cohere and the AI SDK', () => {
    expect(
      said(CONVERSE_USAGE, {
        ...{ inputTokens: 10, outputTokens: 3, totalTokens: 93, cacheReadInputTokens: 50, cacheWriteInputTokens: 30 },
        cacheDetails: [
          { ttl: '5m', inputTokens: 10 },
          { ttl: '1h', inputTokens: 20 },
        ],
      }),
    ).toEqual({
      ...{ inputTokens: 90, outputTokens: 3, cachedInputTokens: 50, cacheWriteTokens: 30, cacheWrite1hTokens: 20 },
    });
    expect(said(OLLAMA_USAGE, { prompt_eval_count: 26, eval_count: 237 })).toEqual({
      inputTokens: 26,
      outputTokens: 237,
    });
    expect(said(OLLAMA_USAGE, { eval_count: 2 })).toEqual({ inputTokens: 0, outputTokens: 2, isWhole: false });
    expect(
      said(COHERE_USAGE, {
        billed_units: { input_tokens: 5, output_tokens: 418 },
        tokens: { input_tokens: 71, output_tokens: 418 },
      }),
    ).toEqual({ inputTokens: 5, outputTokens: 418 });
    expect(said(AI_SDK_USAGE, { inputTokens: 5, outputTokens: 4, cachedInputTokens: 3, reasoningTokens: 2 })).toEqual({
      ...{ inputTokens: 5, outputTokens: 4, cachedInputTokens: 3, reasoningTokens: 2 },
    });
    expect(
      said(AI_SDK_USAGE, {
        inputTokens: { total: 9, noCache: 2, cacheRead: 3, cacheWrite: 4 },
        outputTokens: { total: 8, text: 1, reasoning: 7 },
      }),
    ).toEqual({ inputTokens: 9, outputTokens: 8, cachedInputTokens: 3, cacheWriteTokens: 4, reasoningTokens: 7 });
  });
});

describe('usage of any shape', () => {
  it('never throws, and never has a number that is not 0 or more', () => {
    const hostile = {
      get prompt_tokens(): number {
        throw new Error('a getter');
      },
      __proto__: { completion_tokens: 3 },
    };
    const keys = fc.constantFrom(
      'prompt_tokens',
      'input_tokens',
      'usage',
      'promptTokenCount',
      'total_tokens',
      'inputTokens',
    );
    const values = fc.oneof(fc.anything(), fc.dictionary(keys, fc.anything()), fc.constant(hostile));
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(SHAPES)), values, (shape, usage) => {
        const answer = readUsage(shape, usage);
        for (const tokens of Object.values(answer?.usage ?? {})) expect(tokens ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is not erased by a later usage without numbers, or with zeros', () => {
    const before = OPENAI_USAGE.parts({ prompt_tokens: 9, completion_tokens: 2 });
    for (const trailing of [
      {},
      null,
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      { prompt_tokens: null },
    ]) {
      const parts = laterParts(before, OPENAI_USAGE.parts(trailing));
      expect(OPENAI_USAGE.usageOf(parts)?.usage).toMatchObject({ inputTokens: 9, outputTokens: 2 });
    }
  });
});
