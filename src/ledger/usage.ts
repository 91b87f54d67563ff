/** Tokens of one call, as billed. All tokens but the first two are parts of them, not additions. */
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
  /** The part of the output that was pictures. */
  readonly outputImageTokens?: number | undefined;
  /** Searches on the web that the provider made for the reply, and bills beside the tokens. */
  readonly webSearches?: number | undefined;
}

/** A usage with every number, in which no part is larger than its whole. */
export type SoundUsage = Readonly<Record<keyof Usage, number>>;

/** The usage with every number 0 or more and no part larger than its whole. A missing or invalid number counts as 0. */
export function soundUsage(usage: Usage): SoundUsage {
  const inputTokens = count(usage.inputTokens);
  const outputTokens = count(usage.outputTokens);
  const cachedInputTokens = Math.min(count(usage.cachedInputTokens), inputTokens);
  const outputAudioTokens = Math.min(count(usage.outputAudioTokens), outputTokens);
  const cacheWriteTokens = Math.min(count(usage.cacheWriteTokens), inputTokens - cachedInputTokens);
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(count(usage.cacheWrite1hTokens), cacheWriteTokens),
    reasoningTokens: Math.min(count(usage.reasoningTokens), outputTokens),
    inputAudioTokens: Math.min(count(usage.inputAudioTokens), inputTokens),
    outputAudioTokens,
    outputImageTokens: Math.min(count(usage.outputImageTokens), outputTokens - outputAudioTokens),
    webSearches: count(usage.webSearches),
  };
}

/**
 * What two usages of one reply say together. They are cumulative: a later number takes the place of an earlier one. A later
 * 0, or a number that is missing, is an end that a server adds: it erases nothing.
 */
export function laterUsage(before: Usage | undefined, after: Usage | undefined): Usage | undefined {
  if (before === undefined || after === undefined || after === null) return after ?? before;
  const said = Object.entries(after).filter(([, tokens]) => count(tokens) > 0);
  return { ...before, ...Object.fromEntries(said) };
}

/** Whether a number of tokens is known: foreign code may say anything, and sums stay finite. */
export function isTokens(tokens: unknown): tokens is number {
  return typeof tokens === 'number' && tokens >= 0 && tokens <= Number.MAX_SAFE_INTEGER;
}

function count(tokens: number | undefined): number {
  return isTokens(tokens) ? tokens : 0;
}
