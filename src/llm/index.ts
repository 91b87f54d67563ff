/** `tta-primitives/llm`: models, their prices, and the primitive that calls them. */
export { llm } from './llm.ts';
export { llmStream } from './llm-stream.ts';
export {
  type Message,
  type Model,
  type ModelChunk,
  type ModelReply,
  ModelReplyError,
  type ModelRequest,
  type Usage,
} from './model.ts';
export { type OpenAICompatibleOptions, openAICompatible } from './openai-compatible.ts';
export { type Price, type PriceTable, REFERENCE_PRICES } from './price.ts';
export type { LlmOptions } from './request.ts';
