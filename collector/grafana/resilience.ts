import { board, choiceOf } from './board.ts';
import { graph, heat, type PanelOptions } from './panels.ts';
import { increase, quantile, rate, series, sum } from './promql.ts';
import { circuits } from './resilience-circuits.ts';

const OF_TYPE = 'primitive_type=~"$type"';
const EXECUTIONS = 'tta_primitive_executions_total';
const DURATION = 'tta_execution_duration_seconds';

const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });
const by = (labels: string, metric: string, ...more: readonly string[]) => sum(labels, rate(metric, ...more));

export const resilience = board({
  uid: 'tta-primitives',
  title: 'TTA / Primitives and Resilience',
  description: 'What happens inside of workflows: each kind of primitive, and what those do that deal with failure.',
  choices: [choiceOf('type', 'Type', EXECUTIONS, 'primitive_type')],
  rows: [
    [
      'Primitives',
      [
        third({
          title: 'Executions by type',
          description: 'Finished executions per second of each kind, composed ones included.',
          unit: 'ops',
          queries: [[by('primitive_type', EXECUTIONS, OF_TYPE), '{{primitive_type}}']],
        }),
        third({
          title: 'Failures by name, the ten most frequent',
          description:
            'Failed executions per second. One failure shows at every primitive that it passed through. Empty: none.',
          unit: 'ops',
          queries: [
            [
              `topk(10, ${by('primitive_type, primitive_name', EXECUTIONS, OF_TYPE, 'status="failure"')} > 0)`,
              '{{primitive_type}} {{primitive_name}}',
            ],
          ],
        }),
        graph({
          title: 'Why executions ended',
          description:
            'Outcomes per second: a timeout is ours, cancelled means that the caller left, rejected that a circuit, bulkhead or rate limit said no.',
          unit: 'ops',
          queries: [[by('outcome', 'tta_primitive_outcomes_total', OF_TYPE, 'outcome!="success"'), '{{outcome}}']],
          width: 8,
          stacked: true,
        }),
        third({
          title: 'In flight',
          description: 'Executions that have begun and not ended. One that only grows is work that hangs.',
          unit: 'short',
          queries: [[sum('primitive_type', series('tta_primitive_active', OF_TYPE)), '{{primitive_type}}']],
        }),
        third({
          title: 'Latency by type, p95',
          description: 'Wall time of 95 of 100 executions of each kind.',
          unit: 's',
          queries: [[quantile(0.95, 'primitive_type', DURATION, OF_TYPE), '{{primitive_type}}']],
        }),
        heat({
          title: 'Where durations fall',
          description: 'How many executions of the chosen kinds took how long.',
          unit: 's',
          queries: [[sum('le', increase('$__rate_interval', `${DURATION}_bucket`, OF_TYPE)), '{{le}}']],
          width: 8,
        }),
      ],
    ],
    [
      'Retry, fallback and hedge',
      [
        graph({
          title: 'Retry results',
          description:
            'How retries ended, per second. success_retried is what they are for; failure_exhausted is a dependency that stays down.',
          unit: 'ops',
          queries: [[by('result', 'tta_retry_attempts_total'), '{{result}}']],
          width: 8,
          stacked: true,
        }),
        third({
          title: 'Retries that needed more than one try',
          description: 'The share of each, successful in the end or not. It rises before anything fails.',
          unit: 'percentunit',
          queries: [
            [
              `${by('primitive_name', 'tta_retry_attempts_total', 'result=~"success_retried|failure_exhausted"')} / ${by('primitive_name', 'tta_retry_attempts_total')}`,
              '{{primitive_name}}',
            ],
          ],
          max: 1,
        }),
        third({
          title: 'Fallback activations',
          description: 'How often per second a primary failed and a substitute was tried.',
          unit: 'ops',
          queries: [[by('primitive_name', 'tta_fallback_activations_total'), '{{primitive_name}}']],
        }),
        third({
          title: 'Who answered',
          description: "Answers per second by the name of the fallback's primary or substitute.",
          unit: 'ops',
          queries: [
            [by('primitive_name, answered_by', 'tta_fallback_answers_total'), '{{primitive_name}} by {{answered_by}}'],
          ],
        }),
        graph({
          title: 'Hedge results',
          description:
            'Who answered first. Many hedge: the primary is slow. Many primary_hedged: the delay is too short.',
          unit: 'ops',
          queries: [[by('result', 'tta_hedge_attempts_total'), '{{result}}']],
          width: 8,
          stacked: true,
        }),
        third({
          title: 'Iterations per loop',
          description: 'How many rounds a loop takes to be satisfied.',
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
    ...circuits,
  ],
});
