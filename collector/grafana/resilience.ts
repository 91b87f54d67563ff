import { createDashboard, labelVariable } from './dashboard.ts';
import { heatmap, type PanelOptions, timeSeries } from './panels.ts';
import { bucketCounts, quantile, rate, series, sum } from './queries.ts';
import { resilienceRows } from './resilience-rows.ts';

const SELECTED_TYPES = 'primitive_type=~"$type"';
const EXECUTIONS = 'tta_primitive_executions_total';
const DURATION = 'tta_execution_duration_seconds';

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });
const by = (labels: string, metric: string, ...more: readonly string[]) => sum(labels, rate(metric, ...more));

export const resilience = createDashboard({
  uid: 'tta-primitives',
  title: 'TTA / Primitives and Resilience',
  description: 'The primitives inside workflows: executions of each type, retries, fallbacks, circuits, sagas, caches.',
  variables: [labelVariable('type', 'Type', EXECUTIONS, 'primitive_type')],
  rows: [
    [
      'Primitives',
      [
        narrowTimeSeries({
          title: 'Executions by type',
          description: 'Finished executions per second of each type, also of composed primitives.',
          unit: 'ops',
          queries: [[by('primitive_type', EXECUTIONS, SELECTED_TYPES), '{{primitive_type}}']],
        }),
        narrowTimeSeries({
          title: 'Failures by name, the ten most frequent',
          description:
            'Failed executions per second. One failure counts at every primitive that it passes through. It is empty when there are none.',
          unit: 'ops',
          queries: [
            [
              `topk(10, ${by('primitive_type, primitive_name', EXECUTIONS, SELECTED_TYPES, 'status="failure"')} > 0)`,
              '{{primitive_type}} {{primitive_name}}',
            ],
          ],
        }),
        timeSeries({
          title: 'Why executions ended',
          description:
            'Outcomes per second. timeout: a timeout primitive ended it. cancelled: the caller left. superseded: a race, a hedge or a failed sibling ended it. rejected: a circuit, bulkhead or rate limit refused it.',
          unit: 'ops',
          queries: [
            [by('outcome', 'tta_primitive_outcomes_total', SELECTED_TYPES, 'outcome!="success"'), '{{outcome}}'],
          ],
          width: 8,
          stacked: true,
        }),
        narrowTimeSeries({
          title: 'In flight',
          description: 'Executions that have started and not ended. If the number only grows, executions hang.',
          unit: 'short',
          queries: [[sum('primitive_type', series('tta_primitive_active', SELECTED_TYPES)), '{{primitive_type}}']],
        }),
        narrowTimeSeries({
          title: 'Latency by type, p95',
          description: 'Of 100 executions of each type, 95 take this time or less.',
          unit: 's',
          queries: [[quantile(0.95, 'primitive_type', DURATION, SELECTED_TYPES), '{{primitive_type}}']],
        }),
        heatmap({
          title: 'Where durations fall',
          description: 'The number of executions of the selected types by duration.',
          unit: 's',
          queries: [[bucketCounts(DURATION, SELECTED_TYPES), '{{le}}']],
          width: 8,
        }),
      ],
    ],
    [
      'Retry, fallback and hedge',
      [
        timeSeries({
          title: 'Retry results',
          description:
            'Finished retries per second. success_retried: a retry helped. failure_exhausted: the dependency stayed down.',
          unit: 'ops',
          queries: [[by('result', 'tta_retry_attempts_total'), '{{result}}']],
          width: 8,
          stacked: true,
        }),
        narrowTimeSeries({
          title: 'Retries that needed more than one try',
          description:
            'The share of executions with more than one attempt, successful or failed. It rises before executions fail.',
          unit: 'percentunit',
          queries: [
            [
              `${by('primitive_name', 'tta_retry_attempts_total', 'result=~"success_retried|failure_exhausted"')} / ${by('primitive_name', 'tta_retry_attempts_total')}`,
              '{{primitive_name}}',
            ],
          ],
          max: 1,
        }),
        narrowTimeSeries({
          title: 'Fallback activations',
          description: 'Executions per second in which the primary failed and a substitute was tried.',
          unit: 'ops',
          queries: [[by('primitive_name', 'tta_fallback_activations_total'), '{{primitive_name}}']],
        }),
        narrowTimeSeries({
          title: 'Who answered',
          description: "Answers per second by the name of the fallback's primary or substitute.",
          unit: 'ops',
          queries: [
            [by('primitive_name, answered_by', 'tta_fallback_answers_total'), '{{primitive_name}} by {{answered_by}}'],
          ],
        }),
        timeSeries({
          title: 'Hedge results',
          description:
            'What answered first. If hedge is frequent, the primary is slow. If primary_hedged is frequent, the delay is too short.',
          unit: 'ops',
          queries: [[by('result', 'tta_hedge_attempts_total'), '{{result}}']],
          width: 8,
          stacked: true,
        }),
        narrowTimeSeries({
          title: 'Iterations per loop',
          description: 'The mean number of iterations of each loop.',
          unit: 'short',
          queries: [
            [
              `${by('primitive_name', 'tta_loop_iterations_total')} / ${by('primitive_name', EXECUTIONS, 'primitive_type="loop"')}`,
              '{{primitive_name}}',
            ],
          ],
        }),
      ],
    ],
    ...resilienceRows,
  ],
});
