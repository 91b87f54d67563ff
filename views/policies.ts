import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

const lookup = { [ATTR.primitiveName]: 'primitive_name', [ATTR.cacheType]: 'cache_type' };

export const policies: readonly Row[] = [
  {
    instrument: INSTRUMENT.cacheHits,
    metric: 'tta_cache_hits_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups answered from the cache, stale or not, or by the run that another caller had under way',
  },
  {
    instrument: INSTRUMENT.cacheMisses,
    metric: 'tta_cache_misses_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups that ran the wrapped primitive',
  },
  {
    instrument: INSTRUMENT.cacheStoreErrors,
    metric: 'tta_cache_store_errors_total',
    type: 'counter',
    labels: { ...lookup, [ATTR.cacheOperation]: 'operation', [ATTR.cacheReason]: 'reason' },
    meaning:
      "what a cache's store did not do: `operation` is `get`, `set` or `delete`, `reason` is `timeout`, `failed`, `corrupt` (kept but unreadable) or `skipped` (not asked, for it kept failing); the primitive ran instead",
  },
  {
    instrument: INSTRUMENT.retryAttempts,
    metric: 'tta_retry_attempts_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.retryResult]: 'result' },
    meaning:
      "one per retry's finished execution: `success_first`, `success_retried`, `failure_exhausted`, `failure_not_retryable`",
  },
  {
    instrument: INSTRUMENT.fallbackActivations,
    metric: 'tta_fallback_activations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'the primary failed and a substitute answered or was tried',
  },
  {
    instrument: INSTRUMENT.fallbackAnswers,
    metric: 'tta_fallback_answers_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.fallbackAnsweredBy]: 'answered_by' },
    meaning: "who answered: the name of the fallback's primary or of one of its substitutes",
  },
  {
    instrument: INSTRUMENT.sagaCompensations,
    metric: 'tta_saga_compensations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name', [ATTR.status]: 'status' },
    meaning: 'finished compensations of saga steps; a `failure` is an effect that is still there',
  },
  {
    instrument: INSTRUMENT.sagaUnknownEffects,
    metric: 'tta_saga_unknown_effects_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: 'saga steps that were interrupted and not undone: whether they had an effect is not known',
  },
  {
    instrument: INSTRUMENT.loopIterations,
    metric: 'tta_loop_iterations_total',
    type: 'counter',
    labels: { [ATTR.primitiveName]: 'primitive_name' },
    meaning: "iterations of loops; divided by the loop's executions, how long it takes to be satisfied",
  },
];
