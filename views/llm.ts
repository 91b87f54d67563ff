import { ATTR, INSTRUMENT, type InstrumentName } from '../src/telemetry/semconv.ts';
import { DURATION_BOUNDS } from './buckets.ts';
import type { Row } from './row.ts';

const model = { [ATTR.genAiRequestModel]: 'model', [ATTR.genAiProvider]: 'provider' };

const counter = (instrument: InstrumentName, metric: string, meaning: string): Row => ({
  instrument,
  metric,
  type: 'counter',
  labels: model,
  meaning,
});

export const llm: readonly Row[] = [
  counter(INSTRUMENT.modelCallCost, 'tta_llm_cost_total', 'US dollars spent on model calls'),
  {
    instrument: INSTRUMENT.workflowCost,
    metric: 'tta_workflow_llm_cost_total',
    type: 'counter',
    labels: { [ATTR.workflowName]: 'workflow_name' },
    meaning: 'the same dollars by outermost workflow; `__none__` for calls outside of a workflow',
  },
  {
    instrument: INSTRUMENT.costByUse,
    metric: 'tta_llm_cost_by_use_total',
    type: 'counter',
    labels: { [ATTR.costUse]: 'use' },
    meaning:
      'the same dollars by what became of the answer: `answered` (used), `retried` (dropped by a retry), `fallback` (a substitute answered instead), `hedged` (lost a race or a hedge), `aborted` (the caller cancelled), `failed`; written when the outermost execution ends',
  },
  {
    instrument: INSTRUMENT.tenantCost,
    metric: 'tta_tenant_llm_cost_total',
    type: 'counter',
    labels: { [ATTR.tenant]: 'tenant' },
    meaning:
      'the same dollars by the `tenant` of the context; `__none__` without one, `__other__` for those after the first 100',
  },
  {
    instrument: INSTRUMENT.modelCalls,
    metric: 'tta_llm_requests_total',
    type: 'counter',
    labels: { ...model, [ATTR.status]: 'status' },
    meaning: 'model calls',
  },
  {
    instrument: INSTRUMENT.modelCallOutcomes,
    metric: 'tta_llm_outcomes_total',
    type: 'counter',
    labels: { ...model, [ATTR.outcome]: 'outcome' },
    meaning: 'one per model call, by how it ended, as in `tta_primitive_outcomes_total`',
  },
  {
    instrument: INSTRUMENT.modelCallDuration,
    metric: 'tta_llm_request_duration_seconds',
    type: 'histogram',
    labels: model,
    bounds: DURATION_BOUNDS,
    meaning: 'wall time of a model call, successful or failed',
  },
  {
    instrument: INSTRUMENT.modelCallTimeToFirstChunk,
    metric: 'tta_llm_time_to_first_chunk_seconds',
    type: 'histogram',
    labels: model,
    bounds: DURATION_BOUNDS,
    meaning: 'time from the request to the first chunk; streaming calls only',
  },
  counter(INSTRUMENT.modelInputTokens, 'tta_llm_input_tokens_total', 'input tokens, also cached ones'),
  counter(INSTRUMENT.modelOutputTokens, 'tta_llm_output_tokens_total', 'output tokens, also for reasoning'),
  counter(
    INSTRUMENT.modelCachedInputTokens,
    'tta_llm_cached_input_tokens_total',
    "input tokens read from the provider's cache; they are input tokens too",
  ),
  counter(
    INSTRUMENT.modelCacheWriteTokens,
    'tta_llm_cache_write_tokens_total',
    "input tokens written to the provider's cache; they are input tokens too",
  ),
  counter(
    INSTRUMENT.modelReasoningTokens,
    'tta_llm_reasoning_tokens_total',
    'output tokens spent on reasoning; they are output tokens too',
  ),
  counter(
    INSTRUMENT.unpricedModelCalls,
    'tta_llm_unpriced_requests_total',
    'calls whose tokens are known and whose price is unknown; the cost does not include them',
  ),
  counter(
    INSTRUMENT.unmeteredModelCalls,
    'tta_llm_unmetered_requests_total',
    'calls whose tokens are unknown, a lower bound or an estimate: the provider sent no usage, or the reader left a stream before it came; `model` is `__unrecognised__` for requests to a provider that are not read, such as images; the cost does not include what is unknown',
  ),
  {
    instrument: INSTRUMENT.budgetLimit,
    metric: 'tta_budget_limit_dollars',
    type: 'gauge',
    labels: { [ATTR.budget]: 'budget' },
    combine: 'least',
    meaning: 'US dollars that a budget allows: its `limitUsd`; the least of all budgets with this name',
  },
  {
    instrument: INSTRUMENT.budgetRemaining,
    metric: 'tta_budget_remaining_dollars',
    type: 'gauge',
    labels: { [ATTR.budget]: 'budget' },
    combine: 'least',
    meaning:
      'US dollars that are left of a budget: the least of its tenants in their windows, or of its runs in the last 5 minutes',
  },
  {
    instrument: INSTRUMENT.budgetRefusals,
    metric: 'tta_budget_refusals_total',
    type: 'counter',
    labels: { [ATTR.budget]: 'budget' },
    meaning: 'executions that a budget stopped, because the next model call might have cost more than was left',
  },
  {
    instrument: INSTRUMENT.budgetStoreErrors,
    metric: 'tta_budget_store_errors_total',
    type: 'counter',
    labels: { [ATTR.budget]: 'budget' },
    meaning: "failed operations of a budget's store; what is spent meanwhile is counted once the store answers again",
  },
  {
    instrument: INSTRUMENT.observedHosts,
    metric: 'tta_llm_observed_hosts',
    type: 'gauge',
    labels: { [ATTR.observerMode]: 'mode', [ATTR.serverAddress]: 'host', [ATTR.genAiProvider]: 'provider' },
    combine: 'largest',
    meaning:
      '1 for each host whose requests over `fetch` are read as model calls: `__known__` stands for all hosts of the providers that the package knows, `__any__` for every host',
  },
];
