/** Rows of the resilience dashboard: what keeps work from a dependency, undoes it, or saves it. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { graph, type PanelOptions, states } from './panels.ts';
import { quantile, rate, series, sum } from './promql.ts';
import { CIRCUIT } from './thresholds.ts';

const NAME = 'primitive_name';
const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });

const waits = (what: string, histogram: string) =>
  third({
    title: `${what} wait, p95`,
    description: 'Of those that had to wait, whether they got in or left. Those that found room at once are not in it.',
    unit: 's',
    queries: [[quantile(0.95, NAME, histogram), '{{primitive_name}}']],
  });

const lookups = (metric: string) => sum('primitive_name, cache_type', rate(metric));

export const circuits: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[] = [
  [
    'Circuits, bulkheads and rate limits',
    [
      states({
        title: 'Circuit state',
        description: 'The worst state of each circuit over all instances. Open: its dependency is not asked.',
        unit: 'none',
        queries: [[`max by (primitive_name) (${series('tta_circuit_breaker_state')})`, '{{primitive_name}}']],
        mappings: CIRCUIT,
      }),
      graph({
        title: 'Circuit transitions',
        description: 'Changes of state per second. Open and half_open in turn: the dependency has not recovered.',
        unit: 'ops',
        queries: [
          [sum('primitive_name, to', rate('tta_circuit_breaker_transitions_total')), '{{primitive_name}} to {{to}}'],
        ],
      }),
      third({
        title: 'Bulkhead slots taken',
        description: 'Executions that hold a slot. A flat line is the limit.',
        unit: 'short',
        queries: [[sum(NAME, series('tta_bulkhead_running')), '{{primitive_name}}']],
      }),
      third({
        title: 'Waiting in line',
        description: 'Executions that wait for a slot of a bulkhead or for permits of a rate limit.',
        unit: 'short',
        queries: [
          [sum(NAME, series('tta_bulkhead_queued')), 'bulkhead {{primitive_name}}'],
          [sum(NAME, series('tta_rate_limit_queued')), 'rate limit {{primitive_name}}'],
        ],
      }),
      third({
        title: 'Turned away',
        description: 'Executions per second that a circuit, bulkhead or rate limit refused. Empty: none.',
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
      third({
        title: 'Timeouts',
        description: 'Executions per second that one of our time limits ended. Empty: none.',
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
      graph({
        title: 'Compensations',
        description: 'Steps undone per second. A failure is an effect that is still there: somebody has to look.',
        unit: 'ops',
        queries: [
          [sum('primitive_name, status', rate('tta_saga_compensations_total')), '{{primitive_name}} {{status}}'],
        ],
      }),
      graph({
        title: 'Unknown effects',
        description: 'Steps per second that were interrupted and not undone: whether they had an effect is not known.',
        unit: 'ops',
        queries: [[sum(NAME, rate('tta_saga_unknown_effects_total')), '{{primitive_name}}']],
      }),
    ],
  ],
  [
    'Caches',
    [
      third({
        title: 'Cache hits',
        description: 'Lookups per second that were answered without running the wrapped primitive.',
        unit: 'ops',
        queries: [[lookups('tta_cache_hits_total'), '{{primitive_name}} ({{cache_type}})']],
      }),
      third({
        title: 'Cache misses',
        description: 'Lookups per second that ran the wrapped primitive.',
        unit: 'ops',
        queries: [[lookups('tta_cache_misses_total'), '{{primitive_name}} ({{cache_type}})']],
      }),
      third({
        title: 'Store errors',
        description:
          "What a cache's store did not do, per second; the primitive ran instead. skipped: it is left alone.",
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
