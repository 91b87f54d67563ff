/** What the chat completions API answers, as the reply of a model. */
import type { Usage } from '../ledger/usage.ts';
import { type ModelReply, requireText } from './model.ts';

/** The parts of a chat completion that a reply is made of. A server may leave out any of them. */
export interface Completion {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly { finish_reason?: string | null; message?: Message }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly completion_tokens?: number;
    readonly prompt_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number } | null;
    readonly completion_tokens_details?: { reasoning_tokens?: number } | null;
  } | null;
}

/** The message of a reply, or the part of it that a chunk has. */
export interface Message {
  readonly content?: string | null | undefined;
  readonly refusal?: string | null | undefined;
  readonly tool_calls?: readonly unknown[] | null | undefined;
}

/** An empty text beside a refusal or a call of a tool is no text. */
export function textOf({ content, refusal, tool_calls: calls }: Message): string | null | undefined {
  return content === '' && (refusal || calls?.length) ? undefined : content;
}

export function replyOf(completion: Completion): ModelReply {
  const usage = usageOf(completion.usage);
  const choice = completion.choices?.[0];
  const finishReason = choice?.finish_reason ?? undefined;
  const text = requireText(textOf(choice?.message ?? {}), { finishReason, usage });
  return { text, usage, model: completion.model, id: completion.id, finishReason };
}

export function usageOf(usage: Completion['usage']): Usage | undefined {
  if (usage === undefined || usage === null) return undefined;
  return {
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens,
    cacheWriteTokens: usage.prompt_tokens_details?.cache_write_tokens,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens,
  };
}
