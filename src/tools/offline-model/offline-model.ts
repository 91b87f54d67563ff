import { randomBytes } from 'node:crypto';
import { type Answer, ApiError, type Message, type OfflineModel, type Question, type Tool } from './api.ts';
import { exampleOf } from './example.ts';
import { summarise } from './summarise.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Each model, with the largest number of sentences in its answer. */
const SENTENCES: Readonly<Record<string, number>> = { 'offline-small': 2, 'offline-large': 5 };

/** For a model with another name: its smaller editions have names such as `gpt-4o-mini`. */
const sentencesOf = (model: string) =>
  SENTENCES[/small|mini|nano|lite|haiku/i.test(model) ? 'offline-small' : 'offline-large'] ?? 2;

export const OFFLINE_MODELS: readonly string[] = Object.keys(SENTENCES);

const CONTEXT_TOKENS = 128_000;

/** Tokens of the chat format itself, as in OpenAI's cookbook: around each message, and before the reply. */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_REPLY = 3;

export interface OfflineModelOptions {
  readonly tokenizer: Tokenizer;
  /** Whether a model with any name answers. */
  readonly anyModel: boolean;
  /** Returns Unix milliseconds. */
  readonly now: () => number;
}

/**
 * A model that summarises the last message of the user, or the result of a tool that follows it. It calls a tool where
 * the message has the tool's name, or where the request demands a call. Where the request demands an answer after a
 * schema, the answer is a small value that follows it.
 */
export function createOfflineModel({ tokenizer, anyModel, now }: OfflineModelOptions): OfflineModel {
  const requireModel = (model: string) => {
    if (!anyModel && !OFFLINE_MODELS.includes(model)) throw modelNotFound(model);
  };
  return {
    requireModel,
    now,
    id: (prefix) => prefix + randomBytes(15).toString('base64url'),
    pieces: (text) => tokenizer.pieces(text),
    count: (texts) => texts.reduce((sum, text) => sum + tokenizer.count(text, CONTEXT_TOKENS), 0),
    answer(question) {
      requireModel(question.model);
      const promptTokens = countPrompt(question.messages, tokenizer);
      const message = question.messages.findLast(({ role }) => role === 'user' || role === 'tool');
      const { role, text } = message ?? question.messages.at(-1) ?? { role: 'user', text: '' };
      const tool = role === 'tool' ? undefined : toolToCall(question, text);
      if (tool !== undefined) return callOf(tool, text, promptTokens, tokenizer);
      const said = question.schema === undefined ? summary(text, question.model) : structured(question.schema, text);
      const { tokens, truncated, ...cut } = tokenizer.truncate(said, question.maxTokens ?? CONTEXT_TOKENS);
      const finishReason = truncated ? 'length' : 'stop';
      return { text: cut.text, toolCall: undefined, finishReason, promptTokens, completionTokens: tokens };
    },
  };
}

function summary(text: string, model: string): string {
  return summarise(text, sentencesOf(model)) || 'There is nothing to summarise.';
}

function structured(schema: unknown, text: string): string {
  return JSON.stringify(exampleOf(schema, summarise(text, 1)));
}

function toolToCall({ tools, mustCall }: Question, text: string): Tool | undefined {
  if (typeof mustCall === 'string') return tools.find(({ name }) => name === mustCall);
  return tools.find(({ name }) => text.includes(name)) ?? (mustCall ? tools[0] : undefined);
}

function callOf({ name, parameters }: Tool, text: string, promptTokens: number, tokenizer: Tokenizer): Answer {
  const call = { name, arguments: exampleOf(parameters, summarise(text, 1)) ?? {} };
  const completionTokens = tokenizer.count(JSON.stringify(call));
  return { text: '', toolCall: call, finishReason: 'tool_calls', promptTokens, completionTokens };
}

function countPrompt(messages: readonly Message[], tokenizer: Tokenizer): number {
  let tokens = TOKENS_PER_REPLY;
  for (const { role, text } of messages) {
    tokens += TOKENS_PER_MESSAGE + tokenizer.count(role, CONTEXT_TOKENS) + tokenizer.count(text, CONTEXT_TOKENS);
    if (tokens > CONTEXT_TOKENS) {
      const message = `This model's maximum context length is ${CONTEXT_TOKENS} tokens. However, your messages resulted in more. Please reduce the length of the messages.`;
      throw new ApiError(400, 'context_length_exceeded', message, 'messages');
    }
  }
  return tokens;
}

export function modelNotFound(model: string): ApiError {
  const known = OFFLINE_MODELS.join(', ');
  return new ApiError(
    404,
    'model_not_found',
    `The model \`${model}\` does not exist. The offline models are ${known}`,
    'model',
  );
}
