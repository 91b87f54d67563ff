/** Tokens of one call, as billed. All but the first two are parts of them, not additions. */
export interface Usage {
  /** All input tokens, cached ones included. */
  readonly inputTokens: number;
  /** All output tokens, reasoning included. */
  readonly outputTokens: number;
  /** The part of the input that was read from the provider's cache. */
  readonly cachedInputTokens?: number | undefined;
  /** The part of the input that was written to the provider's cache. */
  readonly cacheWriteTokens?: number | undefined;
  /** The part of what was written to the provider's cache that is kept for an hour, not for 5 minutes. */
  readonly cacheWrite1hTokens?: number | undefined;
  /** The part of the output that was reasoning. */
  readonly reasoningTokens?: number | undefined;
  /** The part of the input that was sound. */
  readonly inputAudioTokens?: number | undefined;
  /** The part of the output that was sound. */
  readonly outputAudioTokens?: number | undefined;
}

/** A usage with every number, in which no part is larger than its whole. */
export type SoundUsage = Readonly<Record<keyof Usage, number>>;

/** The usage with every number 0 or more and no part larger than its whole. A missing or invalid number counts as 0. */
export function soundUsage(usage: Usage): SoundUsage {
  const inputTokens = count(usage.inputTokens);
  const outputTokens = count(usage.outputTokens);
  const cachedInputTokens = Math.min(count(usage.cachedInputTokens), inputTokens);
  const cacheWriteTokens = Math.min(count(usage.cacheWriteTokens), inputTokens - cachedInputTokens);
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(count(usage.cacheWrite1hTokens), cacheWriteTokens),
    reasoningTokens: Math.min(count(usage.reasoningTokens), outputTokens),
    inputAudioTokens: Math.min(count(usage.inputAudioTokens), inputTokens),
    outputAudioTokens: Math.min(count(usage.outputAudioTokens), outputTokens),
  };
}

function count(tokens: number | undefined): number {
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens > 0 ? tokens : 0;
}
