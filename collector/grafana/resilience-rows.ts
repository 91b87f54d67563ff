/** Rows of the resilience dashboard: circuits, bulkheads, rate limits, sagas and caches. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type PanelOptions, stateTimeline, timeSeries } from './panels.ts';
import { aggregate, quantile, rate, series, sum } from './queries.ts';
import { CIRCUIT } from './thresholds.ts';

const NAME = 'primitive_name';
const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });

const waits = (what: string, histogram: string) =>
  narrowTimeSeries({
    title: `${what} wait, p95`,
    description: 'Of executions that had to wait, also when they left. It does not include executions without a wait.',
    unit: 's',
    queries: [[quantile(0.95, NAME, histogram), '{{primitive_name}}']],
  });

const lookups = (metric: string) => sum('primitive_name, cache_type', rate(metric));

export const resilienceRows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[] = [
  [
    'Circuits, bulkheads and rate limits',
    [
      stateTimeline({
        title: 'Circuit state',
        description:
          'The worst state of each circuit over all instances. An open circuit does not call its dependency.',
        unit: 'none',
        queries: [[aggregate('max', NAME, series('tta_circuit_breaker_state')), '{{primitive_name}}']],
        mappings: CIRCUIT,
      }),
      timeSeries({
        title: 'Circuit transitions',
        description: 'Changes of state per second. If open and half_open alternate, the dependency has not recovered.',
        unit: 'ops',
        queries: [
          [sum('primitive_name, to', rate('tta_circuit_breaker_transitions_total')), '{{primitive_name}} to {{to}}'],
        ],
      }),
      narrowTimeSeries({
        title: 'Bulkhead slots taken',
        description: 'Executions that have a slot. A flat line means that the limit is reached.',
        unit: 'short',
        queries: [[sum(NAME, series('tta_bulkhead_running')), '{{primitive_name}}']],
      }),
      narrowTimeSeries({
        title: 'Waiting in line',
        description: 'Executions that wait for a slot of a bulkhead or for permits of a rate limit.',
        unit: 'short',
        queries: [
          [sum(NAME, series('tta_bulkhead_queued')), 'bulkhead {{primitive_name}}'],
          [sum(NAME, series('tta_rate_limit_queued')), 'rate limit {{primitive_name}}'],
        ],
      }),
      narrowTimeSeries({
        title: 'Turned away',
        description:
          'Executions per second that a circuit, bulkhead or rate limit refused. It is empty when there are none.',
        unit: 'ops',
        queries: [
          [
            `${sum('primitive_type', rate('tta_primitive_outcomes_total', 'outcome="rejected"'))} > 0`,
            '{{primitive_type}}',
          ],
        ],
      }),
      waits('Bulkhead', 'tta_bulkhead_wait_seconds'),
      waits('Rate limit', 'tta_rate_limit_wait_seconds'),
      narrowTimeSeries({
        title: 'Timeouts',
        description: 'Executions per second that a timeout primitive ended. It is empty when there are none.',
        unit: 'ops',
        queries: [
          [
            `${sum('primitive_type', rate('tta_primitive_outcomes_total', 'outcome="timeout"'))} > 0`,
            '{{primitive_type}}',
          ],
        ],
      }),
    ],
  ],
  [
    'Sagas',
    [
      timeSeries({
        title: 'Compensations',
        description: 'Undone steps per second. After a failure the effect of the step still exists: it needs a person.',
        unit: 'ops',
        queries: [
          [sum('primitive_name, status', rate('tta_saga_compensations_total')), '{{primitive_name}} {{status}}'],
        ],
      }),
      timeSeries({
        title: 'Unknown effects',
        description:
          'Steps per second that were interrupted and not undone. It is not known whether they had an effect.',
        unit: 'ops',
        queries: [[sum(NAME, rate('tta_saga_unknown_effects_total')), '{{primitive_name}}']],
      }),
    ],
  ],
  [
    'Caches',
    [
      narrowTimeSeries({
        title: 'Cache hits',
        description: 'Lookups per second that did not run the wrapped primitive.',
        unit: 'ops',
        queries: [[lookups('tta_cache_hits_total'), '{{primitive_name}} ({{cache_type}})']],
      }),
      narrowTimeSeries({
        title: 'Cache misses',
        description: 'Lookups per second that ran the wrapped primitive.',
        unit: 'ops',
        queries: [[lookups('tta_cache_misses_total'), '{{primitive_name}} ({{cache_type}})']],
      }),
      narrowTimeSeries({
        title: 'Store errors',
        description:
          "Failed operations of a cache's store per second; the primitive ran instead. skipped: the store was not called, because it kept failing.",
        unit: 'ops',
        queries: [
          [
            sum('primitive_name, operation, reason', rate('tta_cache_store_errors_total')),
            '{{primitive_name}} {{operation}} {{reason}}',
          ],
        ],
      }),
    ],
  ],
];
