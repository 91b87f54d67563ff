/** The front door: what is public, by name. */
export { type CacheOptions, cache } from './cache/cache.ts';
export type { ContextInit, ExecuteOptions, Tags, WorkflowContext } from './core/context.ts';
export { NoRouteError, PrimitiveTimeoutError } from './core/errors.ts';
export type { Primitive } from './core/primitive.ts';
export { type ConditionalOptions, conditional } from './flow/conditional.ts';
export { type ParallelOptions, parallel } from './flow/parallel.ts';
export { type RouterOptions, router } from './flow/router.ts';
export { sequential } from './flow/sequential.ts';
export { stream } from './flow/stream.ts';
export { task } from './flow/task.ts';
export { workflow } from './flow/workflow.ts';
export {
  type LlmOptions,
  llm,
  llmStream,
  type Message,
  type Model,
  type ModelChunk,
  type ModelReply,
  ModelReplyError,
  type ModelRequest,
  type OpenAICompatibleOptions,
  openAICompatible,
  type Price,
  type PriceTable,
  REFERENCE_PRICES,
  type Usage,
} from './llm/index.ts';
export { type FallbackOptions, fallback } from './resilience/fallback.ts';
export { type RetryOptions, retry } from './resilience/retry.ts';
export { type TimeoutOptions, timeout } from './resilience/timeout.ts';
export { type Clock, createClock, systemClock } from './time/clock.ts';
