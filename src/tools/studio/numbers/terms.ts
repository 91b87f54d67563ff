/** Metrics, names and measures that several panels have. */
import { FAILED, type Measure, quantile, share, VALID, type Where } from './measure.ts';
import type { PanelRow } from './panel.ts';

export const EXECUTIONS = 'tta_workflow_executions_total';
export const OUTCOMES = 'tta_workflow_outcomes_total';
export const DURATION = 'tta_workflow_duration_seconds';
export const COST = 'tta_llm_cost_total';
export const WORKFLOW_COST = 'tta_workflow_llm_cost_total';
export const REQUESTS = 'tta_llm_requests_total';
export const MODEL_DURATION = 'tta_llm_request_duration_seconds';
export const FIRST_CHUNK = 'tta_llm_time_to_first_chunk_seconds';
export const PRIMITIVES = 'tta_primitive_executions_total';
export const PRIMITIVE_OUTCOMES = 'tta_primitive_outcomes_total';
export const PRIMITIVE_DURATION = 'tta_execution_duration_seconds';

export const WORKFLOW = '{{workflow_name}}';
export const MODEL = '{{model}}';
export const TYPE = '{{primitive_type}}';
export const NAME = '{{primitive_name}}';

export const FAILED_STATUS = 'failure,timeout,rejected';
export const failed = share(OUTCOMES, FAILED, VALID);
export const failedCalls = share(
  'tta_llm_outcomes_total',
  { outcome: { only: ['failure', 'timeout'] } },
  { outcome: { only: ['success', 'failure', 'timeout'] } },
);
export const outcome = (value: string): Where => ({ outcome: { only: [value] } });
export const hits: Measure = {
  kind: 'share',
  part: { metric: 'tta_cache_hits_total' },
  whole: [{ metric: 'tta_cache_hits_total' }, { metric: 'tta_cache_misses_total' }],
};
export const IMAGINARY = 'Those of the offline model are imaginary, and shown only where there are no others.';
/** p50, p95 and p99. */
export const quantiles = (histogram: string, name = '') =>
  [0.5, 0.95, 0.99].map((q) => ({ name: `${name}p${q * 100}`, measure: quantile(q, histogram) }));

export const NEUTRAL: NonNullable<PanelRow['thresholds']> = [['blue', 0]];
export const RED_ABOVE_ZERO: NonNullable<PanelRow['thresholds']> = [
  ['green', 0],
  ['red', 0.001],
];
