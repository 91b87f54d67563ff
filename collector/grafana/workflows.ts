import { board, choiceOf } from './board.ts';
import { figure, graph, heat, type PanelOptions } from './panels.ts';
import { increase, mean, quantile, rate, sum } from './promql.ts';
import { workflowTable } from './table.ts';
import { NEUTRAL, rising } from './thresholds.ts';
import { spanRow } from './workflows-spans.ts';

const CHOSEN = 'workflow_name=~"$workflow"';
const EXECUTIONS = 'tta_workflow_executions_total';
const DURATION = 'tta_workflow_duration_seconds';
const COST = 'tta_workflow_llm_cost_total';

const done = (...more: readonly string[]) => sum('workflow_name', rate(EXECUTIONS, CHOSEN, ...more));
const doneInAll = (...more: readonly string[]) => sum('', increase('$__range', EXECUTIONS, CHOSEN, ...more));
const failure = 'status="failure"';

/** The share of executions that took longer than a bound of the histogram. */
const slowerThan = (bound: string) =>
  `1 - ${sum('workflow_name', rate(`${DURATION}_bucket`, CHOSEN, `le=~"${bound}(\\\\.0)?"`))} / ${sum('workflow_name', rate(`${DURATION}_count`, CHOSEN))}`;

const third = (options: Omit<PanelOptions, 'width'>) => graph({ ...options, width: 8 });

export const workflows = board({
  uid: 'tta-workflows',
  title: 'TTA / Workflows',
  description: 'What users wait for: each workflow, how often, how well, how long and for how much.',
  choices: [choiceOf('workflow', 'Workflow', EXECUTIONS, 'workflow_name')],
  rows: [
    [
      'In the time shown',
      [
        figure({
          title: 'Executions',
          description: 'Finished executions of the chosen workflows.',
          unit: 'short',
          decimals: 0,
          queries: [[doneInAll(), 'executions']],
          thresholds: NEUTRAL,
          width: 6,
        }),
        figure({
          title: 'Failed',
          description: 'The share of them that failed.',
          unit: 'percentunit',
          queries: [[`${doneInAll(failure)} / ${doneInAll()}`, 'failed']],
          thresholds: rising(0.01, 0.05),
          width: 6,
        }),
        figure({
          title: 'Cost',
          description: 'Dollars that model calls within them cost, those of failed executions included.',
          unit: 'currencyUSD',
          queries: [[sum('', increase('$__range', COST, CHOSEN)), 'cost']],
          thresholds: NEUTRAL,
          decimals: 2,
          width: 6,
        }),
        figure({
          title: 'Cost of one execution',
          description: 'Dollars divided by executions, over the whole time.',
          unit: 'currencyUSD',
          queries: [[`${sum('', increase('$__range', COST, CHOSEN))} / ${doneInAll()}`, 'each']],
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
        third({
          title: 'Executions',
          description: 'Finished executions per second, successful or not.',
          unit: 'reqps',
          queries: [[done(), '{{workflow_name}}']],
        }),
        third({
          title: 'Failures',
          description: 'Failed executions per second. The spans of one tell why: search the trace store for its name.',
          unit: 'reqps',
          queries: [[done(failure), '{{workflow_name}}']],
        }),
        third({
          title: 'Success rate',
          description: 'The share of executions that succeeded. A gap: there were none.',
          unit: 'percentunit',
          queries: [[`${done('status="success"')} / ${done()}`, '{{workflow_name}}']],
          max: 1,
        }),
      ],
    ],
    [
      'Latency',
      [
        third({
          title: 'Latency, median and tails',
          description: 'Wall time of the chosen workflows together.',
          unit: 's',
          queries: [
            [quantile(0.5, '', DURATION, CHOSEN), 'p50'],
            [quantile(0.95, '', DURATION, CHOSEN), 'p95'],
            [quantile(0.99, '', DURATION, CHOSEN), 'p99'],
          ],
        }),
        third({
          title: 'Latency by workflow, p95',
          description: 'Wall time of 95 of 100 executions of each workflow.',
          unit: 's',
          queries: [[quantile(0.95, 'workflow_name', DURATION, CHOSEN), '{{workflow_name}}']],
        }),
        third({
          title: 'Latency by workflow, mean',
          description: 'Where it lies far above the median, a few executions take very long.',
          unit: 's',
          queries: [[mean('workflow_name', DURATION, CHOSEN), '{{workflow_name}}']],
        }),
        heat({
          title: 'Where durations fall',
          description: 'How many executions took how long. Two bands are two kinds of requests, or a cache at work.',
          unit: 's',
          queries: [[sum('le', increase('$__rate_interval', `${DURATION}_bucket`, CHOSEN)), '{{le}}']],
        }),
        graph({
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
        graph({
          title: 'Cost per hour by workflow',
          description:
            'Dollars per hour of each workflow that called a model, by the outermost one; __none__ is outside of any.',
          unit: 'currencyUSD',
          queries: [[`3600 * ${sum('workflow_name', rate(COST, CHOSEN))}`, '{{workflow_name}}']],
          stacked: true,
        }),
        graph({
          title: 'Cost of one execution',
          description: 'Dollars per finished execution. A step up: a longer prompt, a dearer model, more retries.',
          unit: 'currencyUSD',
          queries: [[`${sum('workflow_name', rate(COST, CHOSEN))} / ${done()}`, '{{workflow_name}}']],
        }),
      ],
    ],
    spanRow,
  ],
});
