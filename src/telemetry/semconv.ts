/**
 * Every OpenTelemetry name that this library emits. If the OpenTelemetry semantic conventions have a name, it is used.
 * The GenAI conventions are still in development: when they rename something, only this file changes.
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
  cacheSaved: 'tta.cache.saved_usd',
  cacheOperation: 'tta.cache.store.operation',
  cacheReason: 'tta.cache.store.error_reason',
  retryResult: 'tta.retry.result',
  retryAttempt: 'tta.retry.attempt',
  retryAttempts: 'tta.retry.attempts',
  retryDelay: 'tta.retry.delay_seconds',
  retryStoppedBy: 'tta.retry.stopped_by',
  routerRoute: 'tta.router.route',
  conditionalBranch: 'tta.conditional.branch',
  switchCase: 'tta.switch.case',
  mapItems: 'tta.map.items',
  mapFailedItems: 'tta.map.failed_items',
  loopIteration: 'tta.loop.iteration',
  loopIterations: 'tta.loop.iterations',
  raceWinner: 'tta.race.winner',
  raceWinnerIndex: 'tta.race.winner_index',
  fallbackAnsweredBy: 'tta.fallback.answered_by',
  timeout: 'tta.timeout.seconds',
  circuitState: 'tta.circuit_breaker.state',
  circuitTo: 'tta.circuit_breaker.to',
  sharedStateLocal: 'tta.shared_state.local',
  bulkheadWait: 'tta.bulkhead.wait_seconds',
  rateLimitWait: 'tta.rate_limit.wait_seconds',
  hedgeResult: 'tta.hedge.result',
  hedgeAttempt: 'tta.hedge.attempt',
  timeoutIdle: 'tta.timeout.idle_seconds',
  timeoutOverrun: 'tta.timeout.overrun_seconds',
  sagaStep: 'tta.saga.step',
  streamChunks: 'tta.stream.chunks',
  streamFirstChunk: 'tta.stream.time_to_first_chunk_seconds',
  streamEnd: 'tta.stream.end',
  cost: 'tta.llm.cost_usd',
  priced: 'tta.llm.priced',
  metered: 'tta.llm.metered',
  costUse: 'tta.llm.use',
  metering: 'tta.llm.metering',
  pricedBy: 'tta.llm.priced_by',
  observerMode: 'tta.llm.observer.mode',
  tenant: 'tta.tenant',
  budget: 'tta.budget.name',
  budgetSoftLimit: 'tta.budget.soft_limit',
  resendCount: 'http.request.resend_count',
  agentStep: 'tta.agent.step',
  exemplar: 'tta.exemplar',
  samplingRatio: 'tta.sampling.ratio',
  lossReason: 'tta.loss.reason',
  workerState: 'tta.worker.state',
  queueName: 'tta.queue.name',
  queueState: 'tta.queue.state',
  queueReason: 'tta.queue.reason',
  queueOperation: 'tta.queue.operation',
  queueDelivery: 'tta.queue.delivery',
  queueJobWait: 'tta.queue.wait_seconds',
  instrument: 'tta.instrument',
  errorType: 'error.type',
  exceptionMessage: 'exception.message',
  genAiOperation: 'gen_ai.operation.name',
  genAiProvider: 'gen_ai.provider.name',
  genAiRequestModel: 'gen_ai.request.model',
  genAiTokenModality: 'gen_ai.token.modality',
  genAiRequestChoices: 'gen_ai.request.choice.count',
  genAiRequestMaxTokens: 'gen_ai.request.max_tokens',
  genAiRequestTemperature: 'gen_ai.request.temperature',
  genAiRequestTopP: 'gen_ai.request.top_p',
  genAiResponseModel: 'gen_ai.response.model',
  genAiResponseId: 'gen_ai.response.id',
  genAiFinishReasons: 'gen_ai.response.finish_reasons',
  genAiWorkflowName: 'gen_ai.workflow.name',
  genAiAgentName: 'gen_ai.agent.name',
  genAiToolName: 'gen_ai.tool.name',
  genAiToolCallId: 'gen_ai.tool.call.id',
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

/** A span shows the author's tags as `tta.tag.<key>`. */
export const TAG_PREFIX = 'tta.tag.';

export const EVENT = {
  loop: 'tta.loop',
  retry: 'tta.retry',
  fallback: 'tta.fallback',
  cacheStoreError: 'tta.cache.store_error',
  compensation: 'tta.saga.compensation',
  unknownEffect: 'tta.saga.unknown_effect',
  circuit: 'tta.circuit_breaker.transition',
  hedge: 'tta.hedge',
  hedgeFailed: 'tta.hedge.failure',
  callbackError: 'tta.callback_error',
  sharedStateError: 'tta.shared_state.error',
} as const;

export const INSTRUMENT = {
  workflowExecutions: 'tta.workflow.executions',
  workflowDuration: 'tta.workflow.duration',
  workflowOutcomes: 'tta.workflow.outcomes',
  primitiveExecutions: 'tta.primitive.executions',
  primitiveDuration: 'tta.primitive.duration',
  primitiveOutcomes: 'tta.primitive.outcomes',
  primitiveActive: 'tta.primitive.active',
  cacheHits: 'tta.cache.hits',
  cacheMisses: 'tta.cache.misses',
  cacheStoreErrors: 'tta.cache.store.errors',
  retryAttempts: 'tta.retry.attempts',
  fallbackActivations: 'tta.fallback.activations',
  fallbackAnswers: 'tta.fallback.answers',
  sagaCompensations: 'tta.saga.compensations',
  sagaUnknownEffects: 'tta.saga.unknown_effects',
  circuitState: 'tta.circuit_breaker.state',
  circuitTransitions: 'tta.circuit_breaker.transitions',
  bulkheadRunning: 'tta.bulkhead.running',
  bulkheadQueued: 'tta.bulkhead.queued',
  bulkheadWait: 'tta.bulkhead.wait',
  rateLimitQueued: 'tta.rate_limit.queued',
  rateLimitWait: 'tta.rate_limit.wait',
  hedgeAttempts: 'tta.hedge.attempts',
  loopIterations: 'tta.loop.iterations',
  modelCallDuration: 'gen_ai.client.inference.duration',
  modelCallTimeToFirstChunk: 'gen_ai.client.inference.time_to_first_chunk',
  modelInputTokens: 'gen_ai.client.inference.usage.input_tokens',
  modelOutputTokens: 'gen_ai.client.inference.usage.output_tokens',
  modelCachedInputTokens: 'gen_ai.client.inference.usage.cache_read.input_tokens',
  modelCacheWriteTokens: 'gen_ai.client.inference.usage.cache_write.input_tokens',
  modelReasoningTokens: 'gen_ai.client.inference.usage.reasoning.output_tokens',
  modelCalls: 'tta.llm.requests',
  modelCallOutcomes: 'tta.llm.outcomes',
  modelCallCost: 'tta.llm.cost',
  unpricedModelCalls: 'tta.llm.unpriced_requests',
  unmeteredModelCalls: 'tta.llm.unmetered_requests',
  observedHosts: 'tta.llm.observed_hosts',
  workflowCost: 'tta.workflow.llm.cost',
  costByUse: 'tta.llm.cost_by_use',
  tenantCost: 'tta.tenant.llm.cost',
  cacheSavedCost: 'tta.cache.saved_cost',
  budgetLimit: 'tta.budget.limit',
  budgetRemaining: 'tta.budget.remaining',
  budgetRefusals: 'tta.budget.refusals',
  budgetStoreErrors: 'tta.budget.store_errors',
  queueJobs: 'tta.queue.jobs',
  queueOldestJob: 'tta.queue.oldest_job.age',
  queueWorkers: 'tta.queue.workers',
  queueSlots: 'tta.queue.worker.slots',
  queueRunning: 'tta.queue.worker.running',
  queueWait: 'tta.queue.wait',
  queueCallers: 'tta.queue.callers',
  queueRefused: 'tta.queue.refused',
  queueLost: 'tta.queue.lost',
  queueRedelivered: 'tta.queue.redeliveries',
  queueHandedBack: 'tta.queue.handed_back',
  queueDead: 'tta.queue.dead',
  queueErrors: 'tta.queue.errors',
  queueRestarts: 'tta.queue.worker.restarts',
  sharedStateLocal: 'tta.shared_state.local',
  sharedStateErrors: 'tta.shared_state.errors',
  seriesOverflow: 'tta.series.overflow',
  spansLost: 'tta.spans.lost',
  scrapeDuration: 'tta.scrape.duration',
  scrapeSize: 'tta.scrape.size',
  scrapeSamples: 'tta.scrape.samples',
  scrapeSeries: 'tta.scrape.series',
  scrapeDropped: 'tta.scrape.dropped',
  scrapeCallbackErrors: 'tta.scrape.callback_errors',
  scrapeFailures: 'tta.scrape.failures',
  scrapeWorkers: 'tta.scrape.workers',
  metricsPushFailures: 'tta.metrics.push_failures',
  processCpuTime: 'process.cpu.time',
  processMemory: 'process.memory.usage',
  processStartTime: 'process.start_time',
  heapUsed: 'v8js.memory.heap.used',
  eventLoopDelayP50: 'nodejs.eventloop.delay.p50',
  eventLoopDelayP90: 'nodejs.eventloop.delay.p90',
  eventLoopDelayP99: 'nodejs.eventloop.delay.p99',
  eventLoopDelayMax: 'nodejs.eventloop.delay.max',
} as const;

export type InstrumentName = (typeof INSTRUMENT)[keyof typeof INSTRUMENT];

export const STATUSES = ['success', 'failure'] as const;
/**
 * How an execution ended. `cancelled`: its caller gave it up. `superseded`: a race, a hedge or a failed sibling did. These two
 * say nothing of how well the work does; all others do.
 */
export const OUTCOMES = ['success', 'failure', 'timeout', 'cancelled', 'superseded', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];
/** What a cancellation makes of the work that it ends. */
export type Cancellation = Exclude<Outcome, 'success' | 'failure'>;
export const RETRY_RESULTS = [
  'success_first',
  'success_retried',
  'failure_exhausted',
  'failure_not_retryable',
] as const;
export type RetryResult = (typeof RETRY_RESULTS)[number];

/** What became of a call that cost dollars. */
export const USES = ['answered', 'retried', 'fallback', 'hedged', 'aborted', 'failed'] as const;
export type Use = (typeof USES)[number];

export const CIRCUIT_STATES = ['closed', 'half_open', 'open', 'isolated'] as const;
export type CircuitState = (typeof CIRCUIT_STATES)[number];
export const HEDGE_RESULTS = ['primary', 'primary_hedged', 'hedge', 'none'] as const;
export type HedgeResult = (typeof HEDGE_RESULTS)[number];

/**
 * The bounds, in seconds, that the GenAI conventions advise for the durations of model calls. They are used when no view
 * sets others.
 */
export const MODEL_CALL_BOUNDS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
] as const;
/** The value of `error.type` for further types of errors, once a model has shown too many. */
export const OTHER_ERROR = '_OTHER';

/** The maximum number of series of one instrument, the overflow series included. */
export const MAX_SERIES = 2_000;
/** The label value of the overflow series, which is used for new labels once an instrument has its maximum of series. */
export const OTHER = '__other__';
/** The workflow name for dollars that were spent outside of a workflow. */
export const NO_WORKFLOW = '__none__';
/** The tenant of dollars that were spent for none. */
export const NO_TENANT = '__none__';
/** The model of a call that names none, or none that is known. */
export const UNKNOWN_MODEL = '__unknown__';
