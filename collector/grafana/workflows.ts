import { createDashboard, labelVariable } from './dashboard.ts';
import { heatmap, type PanelOptions, rangeStat, timeSeries } from './panels.ts';
import { bucketCounts, FAILED, increase, mean, quantile, rate, sum, VALID } from './queries.ts';
import { spanRow } from './span-row.ts';
import { highIsBad, NEUTRAL } from './thresholds.ts';
import { workflowTable } from './workflow-table.ts';

const SELECTED_WORKFLOWS = 'workflow_name=~"$workflow"';
const EXECUTIONS = 'tta_workflow_executions_total';
const OUTCOMES = 'tta_workflow_outcomes_total';
const DURATION = 'tta_workflow_duration_seconds';
const COST = 'tta_workflow_llm_cost_total';

const executionRate = sum('workflow_name', rate(EXECUTIONS, SELECTED_WORKFLOWS));
const executionsInRange = sum('', increase('$__range', EXECUTIONS, SELECTED_WORKFLOWS));
const outcomesInRange = (which: string) => sum('', increase('$__range', OUTCOMES, SELECTED_WORKFLOWS, which));
const outcomeRate = (which: string) => sum('workflow_name', rate(OUTCOMES, SELECTED_WORKFLOWS, which));

/** The share of executions that took longer than a bound of the histogram. */
const slowerThan = (bound: string) =>
  `1 - ${sum('workflow_name', rate(`${DURATION}_bucket`, SELECTED_WORKFLOWS, `le=~"${bound}(\\\\.0)?"`))} / ${sum('workflow_name', rate(`${DURATION}_count`, SELECTED_WORKFLOWS))}`;

const narrowTimeSeries = (options: Omit<PanelOptions, 'width'>) => timeSeries({ ...options, width: 8 });

export const workflows = createDashboard({
  uid: 'tta-workflows',
  title: 'TTA / Workflows',
  description: 'Executions, failures, latencies and cost of each workflow.',
  variables: [labelVariable('workflow', 'Workflow', EXECUTIONS, 'workflow_name')],
  rows: [
    [
      'In the time shown',
      [
        rangeStat({
          title: 'Executions',
          description: 'Finished executions of the selected workflows.',
          unit: 'short',
          decimals: 0,
          queries: [[executionsInRange, 'executions']],
          thresholds: NEUTRAL,
          width: 6,
        }),
        rangeStat({
          title: 'Failed',
          description: 'The share of executions that failed, without cancelled and superseded ones.',
          unit: 'percentunit',
          queries: [[`${outcomesInRange(FAILED)} / ${outcomesInRange(VALID)}`, 'failed']],
          thresholds: highIsBad(0.01, 0.05),
          width: 6,
        }),
        rangeStat({
          title: 'Cost',
          description:
            'Dollars for model calls in these workflows, also in failed executions, and the imaginary ones of the offline model.',
          unit: 'currencyUSD',
          queries: [[sum('', increase('$__range', COST, SELECTED_WORKFLOWS)), 'cost']],
          thresholds: NEUTRAL,
          decimals: 2,
          width: 6,
        }),
        rangeStat({
          title: 'Cost of one execution',
          description: 'Dollars divided by executions, for the whole time shown.',
          unit: 'currencyUSD',
          queries: [[`${sum('', increase('$__range', COST, SELECTED_WORKFLOWS))} / ${executionsInRange}`, 'each']],
          thresholds: NEUTRAL,
          decimals: 4,
          width: 6,
        }),
        workflowTable(),
      ],
    ],
    [
      'Traffic and errors',
      [
        narrowTimeSeries({
          title: 'Executions',
          description: 'Finished executions per second, successful or failed.',
          unit: 'reqps',
          queries: [[executionRate, '{{workflow_name}}']],
        }),
        narrowTimeSeries({
          title: 'Failures',
          description:
            'Failed executions per second. Search the trace store for the workflow: the spans show the cause.',
          unit: 'reqps',
          queries: [[outcomeRate(FAILED), '{{workflow_name}}']],
        }),
        narrowTimeSeries({
          title: 'Success rate',
          description:
            'The share of executions that succeeded, without cancelled and superseded ones. In a gap there were none.',
          unit: 'percentunit',
          queries: [[`${outcomeRate('outcome="success"')} / ${outcomeRate(VALID)}`, '{{workflow_name}}']],
          max: 1,
        }),
        timeSeries({
          title: 'Workflow executions by outcome',
          description:
            'How executions ended, per second. Cancelled ones were given up by their caller, superseded ones lost a race or had a failed sibling: neither is a failure.',
          unit: 'reqps',
          queries: [[sum('outcome', rate(OUTCOMES, SELECTED_WORKFLOWS)), '{{outcome}}']],
          width: 24,
          stacked: true,
        }),
      ],
    ],
    [
      'Latency',
      [
        narrowTimeSeries({
          title: 'Latency, median and tails',
          description: 'Wall time of all selected workflows together.',
          unit: 's',
          queries: [
            [quantile(0.5, '', DURATION, SELECTED_WORKFLOWS), 'p50'],
            [quantile(0.95, '', DURATION, SELECTED_WORKFLOWS), 'p95'],
            [quantile(0.99, '', DURATION, SELECTED_WORKFLOWS), 'p99'],
          ],
        }),
        narrowTimeSeries({
          title: 'Latency by workflow, p95',
          description: 'Of 100 executions of each workflow, 95 take this time or less.',
          unit: 's',
          queries: [[quantile(0.95, 'workflow_name', DURATION, SELECTED_WORKFLOWS), '{{workflow_name}}']],
        }),
        narrowTimeSeries({
          title: 'Latency by workflow, mean',
          description: 'If it is far above the median, a few executions take very long.',
          unit: 's',
          queries: [[mean('workflow_name', DURATION, SELECTED_WORKFLOWS), '{{workflow_name}}']],
        }),
        heatmap({
          title: 'Where durations fall',
          description:
            'The number of executions by duration. Two bands mean two kinds of requests, or a cache with hits.',
          unit: 's',
          queries: [[bucketCounts(DURATION, SELECTED_WORKFLOWS), '{{le}}']],
        }),
        timeSeries({
          title: 'Slower than five seconds',
          description: 'The share of executions of each workflow that took longer than 5 s.',
          unit: 'percentunit',
          queries: [[slowerThan('5'), '{{workflow_name}}']],
          max: 1,
        }),
      ],
    ],
    [
      'Money',
      [
        timeSeries({
          title: 'Cost per hour by workflow',
          description: 'Dollars per hour by outermost workflow; __none__ is for calls outside of a workflow.',
          unit: 'currencyUSD',
          queries: [[`3600 * ${sum('workflow_name', rate(COST, SELECTED_WORKFLOWS))}`, '{{workflow_name}}']],
          stacked: true,
        }),
        timeSeries({
          title: 'Cost of one execution',
          description: 'Dollars per finished execution. It rises with longer prompts, dearer models or more retries.',
          unit: 'currencyUSD',
          queries: [
            [`${sum('workflow_name', rate(COST, SELECTED_WORKFLOWS))} / ${executionRate}`, '{{workflow_name}}'],
          ],
        }),
      ],
    ],
    spanRow,
  ],
});
