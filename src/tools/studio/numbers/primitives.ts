/** The primitives inside workflows. */
import { gauge, rate } from './measure.ts';
import type { PanelRow } from './panel.ts';
import { hits, NAME, outcome, PRIMITIVE_OUTCOMES, PRIMITIVES, TYPE } from './terms.ts';

export const PRIMITIVE_PANELS: readonly PanelRow[] = [
  {
    id: 'types',
    title: 'Executions by type',
    description: 'Finished executions per second of each type, also of composed primitives.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: TYPE, measure: rate(PRIMITIVES) }],
  },
  {
    id: 'failures-by-name',
    title: 'Failures by name, the ten most frequent',
    description: 'Failed executions per second. One failure counts at every primitive that it passes through.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: `${TYPE} ${NAME}`, measure: rate(PRIMITIVES, { status: { only: ['failure'] } }) }],
  },
  {
    id: 'ends',
    title: 'Why executions ended',
    description:
      'Outcomes per second. timeout: a timeout primitive ended it. cancelled: the caller left. superseded: a race, a hedge or a failed sibling ended it. rejected: a circuit, bulkhead or rate limit refused it.',
    unit: 'per_second',
    shape: 'stacked',
    isWithoutRuns: true,
    lines: [{ name: '{{outcome}}', measure: rate(PRIMITIVE_OUTCOMES, { outcome: { not: ['success'] } }) }],
  },
  {
    id: 'retries',
    title: 'Retry results',
    description:
      'Finished retries per second. success_retried: a retry helped. failure_exhausted: the dependency stayed down.',
    unit: 'per_second',
    shape: 'stacked',
    isWithoutRuns: true,
    lines: [{ name: '{{result}}', measure: rate('tta_retry_attempts_total') }],
  },
  {
    id: 'fallbacks',
    title: 'Fallback activations',
    description: 'Executions per second in which the primary failed and a substitute was tried.',
    unit: 'per_second',
    shape: 'lines',
    lines: [{ name: NAME, measure: rate('tta_fallback_activations_total') }],
  },
  {
    id: 'hits-by-cache',
    title: 'Cache hit rate by cache',
    description:
      'If it falls after a deployment, the keys have changed. If it falls over days, the cache is too small or its entries expire too early.',
    unit: 'share',
    shape: 'lines',
    lines: [{ name: NAME, measure: hits }],
  },
  {
    id: 'circuits-over-time',
    title: 'Circuit state',
    description: 'The worst state of each circuit over all instances. An open circuit does not call its dependency.',
    unit: 'state',
    shape: 'lines',
    lines: [{ name: NAME, measure: gauge('tta_circuit_breaker_state') }],
  },
  {
    id: 'turned-away',
    title: 'Turned away',
    description: 'Executions per second that a circuit, bulkhead or rate limit refused.',
    unit: 'per_second',
    shape: 'lines',
    isWithoutRuns: true,
    lines: [{ name: TYPE, measure: rate(PRIMITIVE_OUTCOMES, outcome('rejected')) }],
  },
  {
    id: 'in-flight',
    title: 'In flight',
    description: 'Executions that have started and not ended. If the number only grows, executions hang.',
    unit: 'count',
    shape: 'lines',
    lines: [{ name: TYPE, measure: gauge('tta_primitive_active') }],
  },
];
