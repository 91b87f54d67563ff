/** The public names of `tta-primitives`. */
export { type CacheOptions, cache } from './cache/cache.ts';
export type { Flight, FlightAnswer, FlightStore } from './cache/flight-store.ts';
export { type CacheCodec, type KeyvLike, type KeyvStoreOptions, keyvStore } from './cache/keyv-store.ts';
export { type RedisFlightStoreOptions, redisFlightStore } from './cache/redis-flight-store.ts';
export type { CacheEntry, CacheStore } from './cache/store.ts';
export { type Carrier, extract, inject } from './core/carrier.ts';
export {
  CompensationError,
  type CompensationFailure,
  LoopLimitError,
  PrimitiveTimeoutError,
  RaceError,
} from './core/errors.ts';
export type { ExecuteOptions } from './core/execute-options.ts';
export type { Accepting, AnyInput, Branches, CommonInput, InputOf, OutputOf, Step } from './core/inference.ts';
export type { Primitive } from './core/primitive.ts';
export type { RedisLike, RedisSubscriberLike } from './core/redis.ts';
export {
  BudgetExceededError,
  type BudgetFacts,
  BulkheadFullError,
  CacheCycleError,
  CircuitOpenError,
  NoCaseError,
  NoRouteError,
  RateLimitError,
} from './core/refusals.ts';
export { withContext } from './core/with-context.ts';
export type { ContextOptions, Tags, WorkflowContext } from './core/workflow-context.ts';
export { type ConditionalOptions, conditional } from './flow/conditional.ts';
export { type LoopOptions, loop } from './flow/loop.ts';
export { type MapOptions, type MapPrimitive, map } from './flow/map.ts';
export { type ParallelOptions, parallel } from './flow/parallel.ts';
export { type RaceOptions, race } from './flow/race.ts';
export { type RouterOptions, router } from './flow/router.ts';
export { sequential } from './flow/sequential.ts';
export { stream } from './flow/stream.ts';
export { type SwitchCases, type SwitchOptions, switchOn } from './flow/switch-on.ts';
export { task } from './flow/task.ts';
export { workflow } from './flow/workflow.ts';
export type { CallOutcome, CallPlan, Charge, Metering, PriceOrigin } from './ledger/charge.ts';
export type { CallCosts, Cost } from './ledger/cost.ts';
export { type Price, type PriceTable, REFERENCE_PRICES } from './ledger/price.ts';
export type { PriceOptions } from './ledger/price-book.ts';
export type { SoundUsage, Usage } from './ledger/usage.ts';
export { type BudgetOptions, budget } from './llm/budget.ts';
export type { BudgetKey } from './llm/budget-account.ts';
export {
  type BudgetBalance,
  type BudgetReservation,
  type BudgetSettlement,
  type BudgetStore,
  type MemoryBudgetStoreOptions,
  memoryBudgetStore,
} from './llm/budget-store.ts';
export type { Estimate } from './llm/estimate.ts';
export { llm } from './llm/llm.ts';
export { llmStream } from './llm/llm-stream.ts';
export type { Message, Model, ModelChunk, ModelReply, ModelRequest, ModelServer } from './llm/model.ts';
export type { OpenAIClient } from './llm/openai-client.ts';
export { openAICompatible } from './llm/openai-compatible.ts';
export type { OpenAICompatibleOptions } from './llm/openai-options.ts';
export { type RedisBudgetStoreOptions, redisBudgetStore } from './llm/redis-budget-store.ts';
export { type KnownReply, ModelReplyError, type ModelReplyFacts, type ModelReplyReason } from './llm/reply-error.ts';
export type { LlmOptions } from './llm/request.ts';
export type { OnWarn, SoftLimitReached } from './llm/soft-limit.ts';
export { uncounted } from './llm/uncounted.ts';
export { type WithCost, type WithCostOptions, withCost } from './llm/with-cost.ts';
export type { Clock } from './platform/clock.ts';
export type { Jitter } from './resilience/backoff.ts';
export { type BulkheadOptions, bulkhead } from './resilience/bulkhead.ts';
export type { CircuitOpenRules } from './resilience/circuit.ts';
export {
  type CircuitBreakerCommonOptions,
  type CircuitBreakerOptions,
  circuitBreaker,
} from './resilience/circuit-breaker.ts';
export type {
  CircuitOpenOptions,
  CircuitOptions,
  ConsecutiveFailuresOptions,
  FailureRatioOptions,
} from './resilience/circuit-options.ts';
export type { CircuitKeyOptions, CircuitSource, SharedCircuitOptions } from './resilience/circuit-source.ts';
export type { CircuitAnswer, CircuitRequest, CircuitStep, CircuitStore } from './resilience/circuit-store.ts';
export { doNotRetry } from './resilience/do-not-retry.ts';
export { type ConditionalSubstitute, type FallbackOptions, fallback, type Substitute } from './resilience/fallback.ts';
export { type HedgeOptions, hedge } from './resilience/hedge.ts';
export { type RateLimitOptions, rateLimit } from './resilience/rate-limit.ts';
export type {
  RateLimitAnswer,
  RateLimitRequest,
  RateLimitReturn,
  RateLimitStore,
  SharedBucket,
} from './resilience/rate-limit-store.ts';
export { type RedisCircuitStoreOptions, redisCircuitStore } from './resilience/redis-circuit-store.ts';
export { type RedisRateLimitStoreOptions, redisRateLimitStore } from './resilience/redis-rate-limit-store.ts';
export { type RetryOptions, retry } from './resilience/retry.ts';
export { type RetryBudget, type RetryBudgetOptions, retryBudget } from './resilience/retry-budget.ts';
export { type SagaOptions, saga } from './resilience/saga.ts';
export type {
  AnySagaStep,
  CompensateInput,
  SagaChain,
  SagaOutput,
  SagaStage,
  SagaStageInput,
  SagaStageOutput,
  SagaStep,
  WhenUnknownInput,
} from './resilience/saga-step.ts';
export { type Circuit, type CircuitState, circuit } from './resilience/shared-circuit.ts';
export { type TimeoutOptions, timeout } from './resilience/timeout.ts';
export type { BucketRules } from './resilience/token-bucket.ts';
export { type AiSdkTelemetry, aiSdkTelemetry } from './wire/ai-sdk.ts';
export type { ModelHost, ModelHosts } from './wire/model-hosts.ts';
export { type BedrockClient, observeBedrock } from './wire/observe-bedrock.ts';
export { type AnyFetch, observeFetch } from './wire/observe-fetch.ts';
export { observeModelCalls, type Undo } from './wire/observe-model-calls.ts';
export type { ModelCallOptions } from './wire/options.ts';
