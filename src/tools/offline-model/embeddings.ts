import { createHash } from 'node:crypto';
import { type Api, ApiError, requiredText } from './api.ts';
import { openaiFailure } from './openai-chat.ts';

const DIMENSIONS = 8;

/** A vector of length 1. Equal texts have equal vectors; otherwise it means nothing. */
export function vectorOf(text: string): number[] {
  const bytes = createHash('sha256').update(text).digest();
  const raw = Array.from({ length: DIMENSIONS }, (_, at) => bytes.readInt32LE(at * 4));
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}

/** OpenAI's embeddings. */
export const openaiEmbeddings: Api = {
  path: /\/embeddings$/,
  answer(body, _, model) {
    const name = requiredText(body, 'model');
    model.requireModel(name);
    const { input } = body;
    const texts = (Array.isArray(input) ? input : [input]).map(String);
    const encode = body.encoding_format === 'base64' ? base64 : (vector: number[]) => vector;
    const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: encode(vectorOf(text)) }));
    const tokens = model.count(texts);
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { model: name, whole: { object: 'list', data, model: name, usage } };
  },
  failure: openaiFailure,
  failureEvent: () => {
    throw new ApiError(400, null, 'Embeddings have no streams');
  },
};

function base64(vector: number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}
