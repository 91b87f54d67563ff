import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

const lookup = { [ATTR.primitiveName]: 'primitive_name', [ATTR.cacheType]: 'cache_type' };

export const policies: readonly Row[] = [
  {
    instrument: INSTRUMENT.cacheHits,
    metric: 'tta_cache_hits_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups answered from the cache, fresh or stale, or by a run that another caller had started',
  },
  {
    instrument: INSTRUMENT.cacheMisses,
    metric: 'tta_cache_misses_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups that ran the wrapped primitive',
  },
  {
    instrument: INSTRUMENT.cacheSavedCost,
    metric: 'tta_cache_saved_dollars_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'US dollars of the model calls that lookups answered from the cache have made unnecessary',
  },
  {
    instrument: INSTRUMENT.cacheStoreErrors,
    metric: 'tta_cache_store_errors_total',
    type: 'counter',
    labels: { ...lookup, [ATTR.cacheOperation]: 'operation', [ATTR.cacheReason]: 'reason' },
    meaning:
      "failed operations of a cache's store: `operation` is `get`, `set` or `delete`, `reason` is `timeout`, `failed`, `corrupt` (stored but unreadable) or `skipped` (not tried, because the store kept failing); the primitive ran instead",
  },
  {
    instrument: INSTRUMENT.retryAttempts,
    metric: 'tta_retry_attempts_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.retryResult]: 'result' },
    meaning:
      'one per finished execution of a retry: `success_first`, `success_retried`, `failure_exhausted`, `failure_not_retryable`',
  },
  {
    instrument: INSTRUMENT.fallbackActivations,
    metric: 'tta_fallback_activations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'executions in which the primary failed and a substitute was tried',
  },
  {
    instrument: INSTRUMENT.fallbackAnswers,
    metric: 'tta_fallback_answers_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.fallbackAnsweredBy]: 'answered_by' },
    meaning:
      'answers, by the primary or substitute that gave them: its innermost name from the author, or else its model',
  },
  {
    instrument: INSTRUMENT.sagaCompensations,
    metric: 'tta_saga_compensations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.status]: 'status' },
    meaning: 'finished compensations of saga steps; after a `failure` the effect of the step still exists',
  },
  {
    instrument: INSTRUMENT.sagaUnknownEffects,
    metric: 'tta_saga_unknown_effects_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'saga steps that were interrupted and not undone; it is not known whether they had an effect',
  },
  {
    instrument: INSTRUMENT.loopIterations,
    metric: 'tta_loop_iterations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'iterations of loops; divided by the executions of the loop, the mean number of iterations',
  },
];
