/** The usage of a reply, as each provider writes it, in one form. Pure. */
import type { Usage } from './usage.ts';
import { partsReader, read, rest, tokensAt, tokensOf, type UsageParts } from './usage-parts.ts';

/** How a provider writes its usage: which numbers it has, and what they mean. */
export interface UsageShape {
  parts(usage: unknown): UsageParts;
  /** `undefined` where nothing useful was said: it is not 0. */
  usageOf(parts: UsageParts): SaidUsage | undefined;
}

export interface SaidUsage {
  readonly usage: Usage;
  /** `false`: a number is missing, and the usage is a lower bound. */
  readonly isWhole: boolean;
}

/**
 * OpenAI's chat completions, completions, responses and embeddings, and what other servers have added to them: DeepSeek,
 * Moonshot, Mistral, LiteLLM, OpenRouter. Cached tokens are a part of the input, reasoning is a part of the output; xAI and
 * Gemini leave it out of the output, but not out of the total.
 */
export const OPENAI_USAGE: UsageShape = {
  parts: partsReader({
    input: ['prompt_tokens', 'input_tokens'],
    output: ['completion_tokens', 'output_tokens'],
    total: ['total_tokens'],
    cached: [
      ...['prompt_tokens_details.cached_tokens', 'input_tokens_details.cached_tokens'],
      ...['prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens', 'num_cached_tokens'],
    ],
    cacheWrite: [
      ...['prompt_tokens_details.cache_write_tokens', 'input_tokens_details.cache_write_tokens'],
      ...['prompt_tokens_details.cache_creation_tokens', 'cache_creation_input_tokens'],
    ],
    cacheWrite1h: ['prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens'],
    reasoning: [
      ...['completion_tokens_details.reasoning_tokens', 'output_tokens_details.reasoning_tokens'],
      'reasoning_tokens',
    ],
    inputAudio: ['prompt_tokens_details.audio_tokens', 'input_tokens_details.audio_tokens'],
    outputAudio: ['completion_tokens_details.audio_tokens', 'output_tokens_details.audio_tokens'],
  }),
  usageOf(parts) {
    const { total, reasoning } = parts;
    const input = parts.input ?? rest(total, parts.output);
    const output = parts.output ?? rest(total, parts.input);
    if (input === undefined || output === undefined) return together(parts, input, output);
    // What only the total has is reasoning: all of it where nothing says how much reasoning there was.
    const onlyInTotal = rest(total, input + output) ?? 0;
    const outside =
      reasoning !== undefined && reasoning > output ? reasoning : Math.min(onlyInTotal, reasoning ?? onlyInTotal);
    return together(parts, input, output + outside);
  },
};

/** The usage of a reply that has no output, such as embeddings: what is not output, is input. */
export function withoutOutput({ parts }: UsageShape): UsageShape {
  return {
    parts,
    usageOf(said) {
      const input = said.input ?? said.total;
      return input === undefined ? undefined : together(said, input, 0);
    },
  };
}

/** Anthropic: what was read from the cache, and what was written to it, is not in `input_tokens`. */
export const ANTHROPIC_USAGE: UsageShape = {
  parts(usage) {
    const parts = anthropicParts(usage);
    const minutes = tokensAt(usage, ['cache_creation', 'ephemeral_5m_input_tokens']);
    const kept = (minutes ?? 0) + (parts.cacheWrite1h ?? 0);
    return kept > (parts.cacheWrite ?? 0) ? { ...parts, cacheWrite: kept } : parts;
  },
  usageOf: withCacheOutside,
};
const anthropicParts = partsReader({
  input: ['input_tokens'],
  output: ['output_tokens'],
  cached: ['cache_read_input_tokens'],
  cacheWrite: ['cache_creation_input_tokens'],
  cacheWrite1h: ['cache_creation.ephemeral_1h_input_tokens'],
  reasoning: ['output_tokens_details.thinking_tokens'],
  webSearches: ['server_tool_use.web_search_requests'],
});

/** Bedrock's Converse, which counts as Anthropic does. */
export const CONVERSE_USAGE: UsageShape = {
  parts(usage) {
    const parts = converseParts(usage);
    return { ...parts, cacheWrite1h: tokensOf(read(usage, 'cacheDetails'), 'ttl', '1h', 'inputTokens') };
  },
  usageOf: withCacheOutside,
};
const converseParts = partsReader({
  input: ['inputTokens'],
  output: ['outputTokens'],
  cached: ['cacheReadInputTokens', 'cacheReadInputTokenCount'],
  cacheWrite: ['cacheWriteInputTokens', 'cacheWriteInputTokenCount'],
});

/** Google: the prompt has its cached part in it; thoughts, and what tools add to the prompt, stand apart. A 0 is left out. */
export const GOOGLE_USAGE: UsageShape = {
  parts(usage) {
    const asked = read(usage, 'promptTokensDetails');
    const answered = read(usage, 'candidatesTokensDetails');
    // Not a spread, which takes ten times as long: each event of a stream has a usage.
    return Object.assign(googleParts(usage), {
      inputAudio: tokensOf(asked, 'modality', 'AUDIO', 'tokenCount'),
      outputAudio: tokensOf(answered, 'modality', 'AUDIO', 'tokenCount'),
      outputImage: tokensOf(answered, 'modality', 'IMAGE', 'tokenCount'),
    });
  },
  usageOf(parts) {
    const { input, toolInput = 0, reasoning = 0, total } = parts;
    if (input === undefined)
      return parts.output === undefined ? undefined : together(parts, input, parts.output + reasoning);
    const output = parts.output ?? Math.max(0, (rest(total, input + toolInput) ?? 0) - reasoning);
    return together(parts, input + toolInput, output + reasoning);
  },
};
const googleParts = partsReader({
  input: ['promptTokenCount'],
  output: ['candidatesTokenCount', 'responseTokenCount'],
  total: ['totalTokenCount'],
  cached: ['cachedContentTokenCount'],
  reasoning: ['thoughtsTokenCount'],
  toolInput: ['toolUsePromptTokenCount'],
});

/** Ollama writes its counts beside the reply. */
export const OLLAMA_USAGE: UsageShape = {
  parts: partsReader({ input: ['prompt_eval_count'], output: ['eval_count'] }),
  usageOf: (parts) => together(parts, parts.input, parts.output),
};

/** Cohere bills `billed_units`, which may be fewer than the tokens. */
export const COHERE_USAGE: UsageShape = {
  parts: partsReader({
    input: ['billed_units.input_tokens', 'tokens.input_tokens'],
    output: ['billed_units.output_tokens', 'tokens.output_tokens'],
    cached: ['cached_tokens'],
  }),
  usageOf: (parts) => together(parts, parts.input, parts.output),
};

/** The Vercel AI SDK, as its gateway writes it: plain numbers, or numbers with their parts. */
export const AI_SDK_USAGE: UsageShape = {
  parts: partsReader({
    input: ['inputTokens.total', 'inputTokens'],
    output: ['outputTokens.total', 'outputTokens'],
    total: ['totalTokens', 'tokens'],
    cached: ['inputTokens.cacheRead', 'inputTokenDetails.cacheReadTokens', 'cachedInputTokens'],
    cacheWrite: ['inputTokens.cacheWrite', 'inputTokenDetails.cacheWriteTokens'],
    reasoning: ['outputTokens.reasoning', 'outputTokenDetails.reasoningTokens', 'reasoningTokens'],
  }),
  usageOf: (parts) => together(parts, parts.input, parts.output),
};

function withCacheOutside(parts: UsageParts): SaidUsage | undefined {
  const { input, cached, cacheWrite } = parts;
  if (input === undefined && cached === undefined && cacheWrite === undefined)
    return together(parts, input, parts.output);
  const { usage } = together(parts, (input ?? 0) + (cached ?? 0) + (cacheWrite ?? 0), parts.output) as SaidUsage;
  return { usage, isWhole: input !== undefined && parts.output !== undefined };
}

function together(parts: UsageParts, input: number | undefined, output: number | undefined): SaidUsage | undefined {
  if (input === undefined && output === undefined) return undefined;
  return {
    usage: {
      inputTokens: input ?? 0,
      outputTokens: output ?? 0,
      cachedInputTokens: parts.cached,
      cacheWriteTokens: parts.cacheWrite,
      cacheWrite1hTokens: parts.cacheWrite1h,
      reasoningTokens: parts.reasoning,
      inputAudioTokens: parts.inputAudio,
      outputAudioTokens: parts.outputAudio,
      outputImageTokens: parts.outputImage,
      webSearches: parts.webSearches,
    },
    isWhole: input !== undefined && output !== undefined,
  };
}
