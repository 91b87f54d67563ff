import { anthropicMessages } from './anthropic.ts';
import type { Api } from './api.ts';
import { bedrockConverse } from './bedrock.ts';
import { cohereChat } from './cohere.ts';
import { openaiEmbeddings } from './embeddings.ts';
import { googleEmbed, googleGenerate } from './google.ts';
import { ollamaChat, ollamaEmbed } from './ollama.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';

/** All interfaces that the server speaks. Their paths differ, so that one address serves all clients. */
const APIS: readonly Api[] = [
  ...[openaiChat, openaiResponses, openaiEmbeddings, anthropicMessages, googleGenerate, googleEmbed],
  ...[ollamaChat, ollamaEmbed, cohereChat, bedrockConverse],
];

export function apiFor(path: string): { readonly api: Api; readonly match: RegExpExecArray } | undefined {
  for (const api of APIS) {
    const match = api.path.exec(path);
    if (match !== null) return { api, match };
  }
  return undefined;
}
