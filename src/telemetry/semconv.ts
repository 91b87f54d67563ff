/**
 * Every OpenTelemetry name this library emits, once. Where the OpenTelemetry semantic conventions have a word it is
 * theirs; the GenAI ones are still in development, so a rename upstream is a change of this file and nothing else.
 * Source: https://github.com/open-telemetry/semantic-conventions-genai
 */

/** The instrumentation scope of all spans and instruments. */
export const SCOPE = 'tta-primitives';

export const ATTR = {
  primitiveType: 'tta.primitive.type',
  primitiveName: 'tta.primitive.name',
  workflowName: 'tta.workflow.name',
  workflowId: 'tta.workflow.id',
  sessionId: 'session.id',
  correlationId: 'tta.correlation.id',
  status: 'tta.status',
  outcome: 'tta.outcome',
  cacheType: 'tta.cache.type',
  cacheResult: 'tta.cache.result',
  retryResult: 'tta.retry.result',
  retryAttempt: 'tta.retry.attempt',
  retryAttempts: 'tta.retry.attempts',
  retryDelay: 'tta.retry.delay_seconds',
  retryStoppedBy: 'tta.retry.stopped_by',
  routerRoute: 'tta.router.route',
  conditionalBranch: 'tta.conditional.branch',
  fallbackAnsweredBy: 'tta.fallback.answered_by',
  timeout: 'tta.timeout.seconds',
  timeoutIdle: 'tta.timeout.idle_seconds',
  timeoutOverrun: 'tta.timeout.overrun_seconds',
  sagaStep: 'tta.saga.step',
  streamChunks: 'tta.stream.chunks',
  streamFirstChunk: 'tta.stream.time_to_first_chunk_seconds',
  streamEnd: 'tta.stream.end',
  cost: 'tta.llm.cost_usd',
  priced: 'tta.llm.priced',
  lossReason: 'tta.loss.reason',
  instrument: 'tta.instrument',
  errorType: 'error.type',
  exceptionMessage: 'exception.message',
  genAiOperation: 'gen_ai.operation.name',
  genAiProvider: 'gen_ai.provider.name',
  genAiRequestModel: 'gen_ai.request.model',
  genAiRequestMaxTokens: 'gen_ai.request.max_tokens',
  genAiRequestTemperature: 'gen_ai.request.temperature',
  genAiRequestTopP: 'gen_ai.request.top_p',
  genAiResponseModel: 'gen_ai.response.model',
  genAiResponseId: 'gen_ai.response.id',
  genAiFinishReasons: 'gen_ai.response.finish_reasons',
  genAiWorkflowName: 'gen_ai.workflow.name',
  genAiInputTokens: 'gen_ai.usage.input_tokens',
  genAiOutputTokens: 'gen_ai.usage.output_tokens',
  genAiCacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  genAiCacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens',
  genAiReasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  genAiInputMessages: 'gen_ai.input.messages',
  genAiOutputMessages: 'gen_ai.output.messages',
  serverAddress: 'server.address',
  serverPort: 'server.port',
} as const;

/** Author's tags stand on spans as `tta.tag.<key>`. */
export const TAG_PREFIX = 'tta.tag.';

export const EVENT = {
  retry: 'tta.retry',
  fallback: 'tta.fallback',
  unknownEffect: 'tta.saga.unknown_effect',
} as const;

export const INSTRUMENT = {
  workflowExecutions: 'tta.workflow.executions',
  workflowDuration: 'tta.workflow.duration',
  primitiveExecutions: 'tta.primitive.executions',
  primitiveDuration: 'tta.primitive.duration',
  primitiveOutcomes: 'tta.primitive.outcomes',
  primitiveActive: 'tta.primitive.active',
  cacheHits: 'tta.cache.hits',
  cacheMisses: 'tta.cache.misses',
  retryAttempts: 'tta.retry.attempts',
  fallbackActivations: 'tta.fallback.activations',
  fallbackAnswers: 'tta.fallback.answers',
  sagaCompensations: 'tta.saga.compensations',
  sagaUnknownEffects: 'tta.saga.unknown_effects',
  llmCost: 'tta.llm.cost',
  workflowLlmCost: 'tta.workflow.llm.cost',
  llmRequests: 'tta.llm.requests',
  llmRequestDuration: 'tta.llm.request.duration',
  llmTimeToFirstChunk: 'tta.llm.time_to_first_chunk',
  llmInputTokens: 'tta.llm.input_tokens',
  llmOutputTokens: 'tta.llm.output_tokens',
  llmCachedInputTokens: 'tta.llm.cached_input_tokens',
  llmCacheWriteTokens: 'tta.llm.cache_write_tokens',
  llmReasoningTokens: 'tta.llm.reasoning_tokens',
  llmUnpricedRequests: 'tta.llm.unpriced_requests',
  seriesOverflow: 'tta.series.overflow',
  spansLost: 'tta.spans.lost',
  processCpuTime: 'process.cpu.time',
  processMemory: 'process.memory.usage',
  processStartTime: 'process.start_time',
  heapUsed: 'v8js.memory.heap.used',
  eventLoopDelayP50: 'nodejs.eventloop.delay.p50',
  eventLoopDelayP90: 'nodejs.eventloop.delay.p90',
  eventLoopDelayP99: 'nodejs.eventloop.delay.p99',
} as const;

export type InstrumentName = (typeof INSTRUMENT)[keyof typeof INSTRUMENT];

export const STATUSES = ['success', 'failure'] as const;
export const OUTCOMES = ['success', 'failure', 'timeout', 'cancelled', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const RETRY_RESULTS = [
  'success_first',
  'success_retried',
  'failure_exhausted',
  'failure_not_retryable',
] as const;
export type RetryResult = (typeof RETRY_RESULTS)[number];

/** How many sets of label values one instrument may hold, the overflow included. */
export const MAX_SERIES = 2_000;
/** Where a set of label values goes once its instrument holds as many as it may. */
export const OTHER = '__other__';
/** The workflow of a cost that was spent outside of any. */
export const NO_WORKFLOW = '__none__';
