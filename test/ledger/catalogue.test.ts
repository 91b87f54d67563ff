import { afterEach, expect, it, vi } from 'vitest';
import { loadCatalogue, loadedCatalogue } from '../../src/ledger/catalogue.ts';
import { soundUsage, type Usage } from '../../src/ledger/usage.ts';

const NOW = Date.parse('2026-11-26');

const dollars = async (provider: string | undefined, model: string, usage: Partial<Usage>, at = NOW) =>
  (await loadCatalogue())?.price(provider, model, soundUsage({ inputTokens: 0, outputTokens: 0, ...usage }), at)
    ?.dollars;

afterEach(() => {
  vi.doUnmock('@pydantic/genai-prices');
  vi.restoreAllMocks();
});

it('has no price while the catalogue cannot be loaded, says why once, and tries again', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  vi.doMock('@pydantic/genai-prices', () => {
    throw new Error('too many open files');
  });
  for (let i = 0; i < 3; i += 1) expect(await loadCatalogue()).toBeUndefined();
  expect(loadedCatalogue()).toBeUndefined();
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^the price catalogue cannot be loaded, .+ count as unpriced: /), 'TtaPrimitivesWarning'],
  ]);
  vi.doUnmock('@pydantic/genai-prices');
  expect(await dollars('openai', 'gpt-4o-mini', { inputTokens: 1_000_000 })).toBeCloseTo(0.15, 6);
  expect(loadedCatalogue()).toBeDefined();
});

const THOUSAND = { inputTokens: 1_000, outputTokens: 1_000 };

it.each([
  ['openai', 'gpt-4o-2024-08-06', 0.0125],
  ['gcp.gemini', 'models/gemini-2.5-flash', 0.0028],
  ['gcp.vertex_ai', 'gemini-2.5-flash', 0.0028],
  ['gcp.gen_ai', 'publishers/google/models/gemini-2.5-flash', 0.0028],
  ['azure.ai.openai', 'gpt-35-turbo', 0.002],
  ['azure.ai.inference', 'gpt-4o', 0.0125],
  ['aws.bedrock', 'us.anthropic.claude-sonnet-4-20250514-v1:0', 0.018],
  ['aws.bedrock', 'arn:aws:bedrock:us-east-1:1:inference-profile/eu.amazon.nova-lite-v1:0', 0.0003],
  ['mistral_ai', 'mistral-large-latest', 0.008],
  ['moonshot_ai', 'kimi-k2-0711-preview', 0.0031],
  ['x_ai', 'grok-3-mini', 0.0008],
  ['xai', 'grok-3-mini', 0.0008],
  ['OpenAI', 'gpt-4o', 0.0125],
  ['vertex_ai', 'claude-sonnet-4-5@20250929', 0.018],
  ['amazon-bedrock', 'apac.amazon.nova-lite-v1:0', 0.0003],
  ['openrouter', 'anthropic/claude-4.5-sonnet-20250929', 0.018],
  ['openai', 'ft:gpt-4o-mini-2024-07-18:org::abc', 0.0015],
])('knows %s %s by its name in the conventions', async (provider, model, expected) => {
  expect(await dollars(provider, model, THOUSAND)).toBeCloseTo(expected, 9);
});

it.each([
  ['litellm', 'gpt-4o'],
  ['vllm', 'gpt-4o'],
  ['my-openai-proxy', 'gpt-4o'],
  ['', 'gpt-4o'],
  ['ollama', 'llama3.2'],
  ['anthropic', 'gpt-4o'],
  ['openai', 'gpt-4o-of-tomorrow'],
  ['openai', 'ft:gpt-99:org::abc'],
  ['openai', ''],
  ['openai', '__proto__'],
  ['constructor', 'gpt-4o'],
])('has no price for %s %s', async (provider, model) => {
  expect(await dollars(provider, model, THOUSAND)).toBeUndefined();
});

it('has no price in dollars per token for what is billed by hours or pages', async () => {
  expect(await dollars('groq', 'whisper-large-v3', THOUSAND)).toBeUndefined();
  expect(await dollars('mistral', 'mistral-ocr-2503', THOUSAND)).toBeUndefined();
  expect(await dollars('openai', 'text-embedding-3-small', THOUSAND)).toBeUndefined();
  expect(await dollars('openai', 'text-embedding-3-small', { inputTokens: 11 })).toBeCloseTo(2.2e-7, 12);
});

it.each([
  ['cached input', 'openai', 'gpt-5', { inputTokens: 10_000, cachedInputTokens: 8_000, outputTokens: 500 }, 0.0085],
  [
    'cache writes of 5 minutes',
    'anthropic',
    'claude-sonnet-4-5',
    { inputTokens: 10_000, cachedInputTokens: 6_000, cacheWriteTokens: 2_000, outputTokens: 500 },
    0.0228,
  ],
  [
    'cache writes of an hour',
    'anthropic',
    'claude-sonnet-4-5',
    {
      inputTokens: 10_000,
      cachedInputTokens: 6_000,
      cacheWriteTokens: 2_000,
      cacheWrite1hTokens: 1_000,
      outputTokens: 500,
    },
    0.02505,
  ],
  ['a long input', 'anthropic', 'claude-sonnet-4-5', { inputTokens: 250_000, outputTokens: 1_000 }, 1.5225],
  [
    'sound',
    'gcp.gemini',
    'gemini-2.5-flash',
    { inputTokens: 1_000, inputAudioTokens: 400 },
    (600 * 0.3 + 400 * 1) / 1e6,
  ],
  [
    'sound beside a cache',
    'gcp.gemini',
    'gemini-2.5-flash',
    { inputTokens: 1_000, inputAudioTokens: 400, cachedInputTokens: 500 },
    (100 * 0.3 + 500 * 0.03 + 400 * 1) / 1e6,
  ],
  ['pictures', 'gcp.gemini', 'gemini-2.5-flash-image', { outputTokens: 1_300, outputImageTokens: 1_290 }, 0.038725],
  ['searches on the web', 'anthropic', 'claude-sonnet-4-5', { inputTokens: 1_000, webSearches: 2 }, 0.023],
  ['more cached than there is', 'openai', 'gpt-5', { inputTokens: 100, cachedInputTokens: 90_000 }, 0.0000125],
  ['numbers that are none', 'openai', 'gpt-5', { inputTokens: Number.NaN, outputTokens: -1 }, 0],
])('prices %s', async (_, provider, model, usage, expected) => {
  expect(await dollars(provider, model, usage)).toBeCloseTo(expected, 9);
});

it('has the price of the day', async () => {
  expect(await dollars('openai', 'o3', THOUSAND, Date.parse('2025-05-01'))).toBeCloseTo(0.05, 9);
  expect(await dollars('openai', 'o3', THOUSAND, Date.parse('2025-07-01'))).toBeCloseTo(0.01, 9);
});

it('never fails at a date that is none', async () => {
  for (const at of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(await dollars('openai', 'o3', THOUSAND, at)).toBeUndefined();
  }
});

it.each([
  ['openai', 'gpt-4o', 'gpt-4o'],
  ['openai', 'gpt-4o-2024-08-06', 'gpt-4o-2024-08-06'],
  ['anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20250929'],
  ['mistral_ai', 'mistral-large-2411', 'mistral-large-2411'],
  ['mistral_ai', 'mistral-large-latest', 'mistral-large-latest'],
  ['gcp.gemini', 'gemini-2.0-flash-001', 'gemini-2.0-flash-001'],
  ['gcp.gemini', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
  ['anthropic', 'claude-sonnet-4-5-0e7b1c9d', 'claude-sonnet-4-5'],
  ['openai', 'ft:gpt-4o-mini-2024-07-18:org::abc', 'ft:gpt-4o-mini'],
  ['openai', 'gpt-none', undefined],
  ['litellm', 'gpt-4o', 'gpt-4o'],
  ['litellm', 'gpt-4o-of-my-own', undefined],
  ['litellm', 'fast', undefined],
])('calls a model of %s that says it is %s %s', async (provider, model, expected) => {
  expect((await loadCatalogue())?.nameOf(provider, model)).toBe(expected);
});
