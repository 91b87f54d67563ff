import type { Answer } from './chat-reply.ts';
import { ChatError, type ChatRequest } from './chat-request.ts';
import { summarise } from './summarise.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Each model, with the largest number of sentences in its answer. */
const SENTENCES: Readonly<Record<string, number>> = { 'offline-small': 2, 'offline-large': 5 };

/** For a model with another name: its smaller editions have names such as `gpt-4o-mini`. */
const sentencesOf = (model: string) =>
  SENTENCES[/small|mini|nano|lite|haiku/i.test(model) ? 'offline-small' : 'offline-large'];

export const OFFLINE_MODELS: readonly string[] = Object.keys(SENTENCES);

const CONTEXT_TOKENS = 128_000;

/** Tokens of the chat format itself, as in OpenAI's cookbook: around each message, and before the reply. */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_REPLY = 3;

/**
 * Summarises the last user message. The other messages only count as prompt tokens.
 *
 * @param anyModel whether a model with any name answers
 * @throws ChatError with status 404 (`model_not_found`) or 400 (`context_length_exceeded`)
 */
export function answerOffline(request: ChatRequest, tokenizer: Tokenizer, anyModel = false): Answer {
  const isKnown = anyModel || OFFLINE_MODELS.includes(request.model);
  const sentences = isKnown ? sentencesOf(request.model) : undefined;
  if (sentences === undefined) throw modelNotFound(request.model);
  const promptTokens = countPrompt(request, tokenizer);
  const message = request.messages.findLast(({ role }) => role === 'user') ?? request.messages.at(-1);
  const summary = summarise(message?.text ?? '', sentences) || 'There is nothing to summarise.';
  const { text, tokens, truncated } = tokenizer.truncate(summary, request.maxTokens ?? CONTEXT_TOKENS);
  return { text, finishReason: truncated ? 'length' : 'stop', promptTokens, completionTokens: tokens };
}

function countPrompt({ messages }: ChatRequest, tokenizer: Tokenizer): number {
  let tokens = TOKENS_PER_REPLY;
  for (const { role, text } of messages) {
    tokens += TOKENS_PER_MESSAGE + tokenizer.count(role, CONTEXT_TOKENS) + tokenizer.count(text, CONTEXT_TOKENS);
    if (tokens > CONTEXT_TOKENS) {
      const message = `This model's maximum context length is ${CONTEXT_TOKENS} tokens. However, your messages resulted in more. Please reduce the length of the messages.`;
      throw new ChatError(400, 'context_length_exceeded', message, 'messages');
    }
  }
  return tokens;
}

export function modelNotFound(model: string): ChatError {
  const known = OFFLINE_MODELS.join(', ');
  return new ChatError(
    404,
    'model_not_found',
    `The model \`${model}\` does not exist. The offline models are ${known}`,
    'model',
  );
}
