import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

const lookup = { [ATTR.primitiveName]: 'primitive_name', [ATTR.cacheType]: 'cache_type' };

export const policies: readonly Row[] = [
  {
    instrument: INSTRUMENT.cacheHits,
    metric: 'tta_cache_hits_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups answered from the cache, or by the run that another caller had under way',
  },
  {
    instrument: INSTRUMENT.cacheMisses,
    metric: 'tta_cache_misses_total',
    type: 'counter',
    labels: lookup,
    meaning: 'lookups that ran the wrapped primitive',
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
];
