/** The panels of the page. Titles, names and colours are those of the dashboards for Grafana; a test compares them. */
import type { NumbersSeries, NumbersUnit } from '../api.ts';
import {
  billed,
  FAILED,
  gauge,
  increase,
  type Measure,
  metricsOf,
  perHour,
  quantile,
  rate,
  share,
  VALID,
  type Where,
} from './measure.ts';

export interface Line {
  /** `{{label}}` stands for the value of the label. There is one line for each of its values. */
  readonly name: string;
  readonly measure: Measure;
}

export interface PanelRow {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit: NumbersUnit;
  readonly shape: 'lines' | 'stacked' | 'bars' | 'values';
  readonly lines: readonly Line[];
  /** The outcomes of the runs behind a point. */
  readonly status?: string;
  /** The colour of the number, from the value on. @default the palette of the dashboards */
  readonly thresholds?: readonly (readonly [colour: NumbersSeries['colour'], from: number])[];
  /** What the spans do not tell: there are no runs to show. */
  readonly isWithoutRuns?: true;
}

export interface TableRow {
  readonly id: string;
  /** The row of panels that it stands above. */
  readonly row: string;
  readonly title: string;
  readonly description: string;
  readonly of: string;
  /** The name of a line, as of `Line`. */
  readonly name: string;
  readonly columns: readonly (readonly [name: string, unit: NumbersUnit, measure: Measure])[];
}

const EXECUTIONS = 'tta_workflow_executions_total';
const OUTCOMES = 'tta_workflow_outcomes_total';
const DURATION = 'tta_workflow_duration_seconds';
const COST = 'tta_llm_cost_total';
const WORKFLOW_COST = 'tta_workflow_llm_cost_total';
const REQUESTS = 'tta_llm_requests_total';
const MODEL_DURATION = 'tta_llm_request_duration_seconds';
const FIRST_CHUNK = 'tta_llm_time_to_first_chunk_seconds';
const PRIMITIVES = 'tta_primitive_executions_total';
const PRIMITIVE_OUTCOMES = 'tta_primitive_outcomes_total';
const PRIMITIVE_DURATION = 'tta_execution_duration_seconds';

const WORKFLOW = '{{workflow_name}}';
const MODEL = '{{model}}';
const TYPE = '{{primitive_type}}';
const NAME = '{{primitive_name}}';

const FAILED_STATUS = 'failure,timeout,rejected';
const failed = share(OUTCOMES, FAILED, VALID);
const failedCalls = share(
  'tta_llm_outcomes_total',
  { outcome: { only: ['failure', 'timeout'] } },
  { outcome: { only: ['success', 'failure', 'timeout'] } },
);
const outcome = (value: string): Where => ({ outcome: { only: [value] } });
const hits: Measure = {
  kind: 'share',
  part: { metric: 'tta_cache_hits_total' },
  whole: [{ metric: 'tta_cache_hits_total' }, { metric: 'tta_cache_misses_total' }],
};
const IMAGINARY = 'Those of the offline model are imaginary, and shown only where there are no others.';
const quantiles = (histogram: string, name = '') =>
  [0.5, 0.95, 0.99].map((q) => ({ name: `${name}p${q * 100}`, measure: quantile(q, histogram) }));

const NEUTRAL: PanelRow['thresholds'] = [['blue', 0]];
const RED_ABOVE_ZERO: PanelRow['thresholds'] = [
  ['green', 0],
  ['red', 0.001],
];

export const PANELS: readonly (readonly [row: string, panels: readonly PanelRow[]])[] = [
  [
    'In the time shown',
    [
      {
        id: 'rate',
        title: 'Request rate',
        description: 'Finished workflow executions per second, successful or failed.',
        unit: 'per_second',
        shape: 'values',
        thresholds: NEUTRAL,
        lines: [{ name: 'requests', measure: rate(EXECUTIONS) }],
      },
      {
        id: 'executions',
        title: 'Executions',
        description: 'Finished executions of workflows.',
        unit: 'count',
        shape: 'values',
        thresholds: NEUTRAL,
        lines: [{ name: 'executions', measure: increase(EXECUTIONS) }],
      },
      {
        id: 'failed',
        title: 'Failed requests',
        description: 'The share of workflow executions that failed, without cancelled and superseded ones.',
        unit: 'share',
        shape: 'values',
        status: FAILED_STATUS,
        thresholds: [
          ['green', 0],
          ['yellow', 0.01],
          ['red', 0.05],
        ],
        lines: [{ name: 'failed', measure: failed }],
      },
      {
        id: 'p95',
        title: 'Workflow latency, p95',
        description: 'Of 100 workflow executions, 95 take this time or less.',
        unit: 'seconds',
        shape: 'values',
        thresholds: [
          ['green', 0],
          ['yellow', 5],
          ['red', 30],
        ],
        lines: [{ name: 'p95', measure: quantile(0.95, DURATION) }],
      },
      {
        id: 'cost',
        title: 'Cost',
        description: `Dollars spent on model calls, without calls whose price is unknown. ${IMAGINARY}`,
        unit: 'dollars',
        shape: 'values',
        thresholds: NEUTRAL,
        lines: [{ name: 'cost', measure: billed(increase(COST)) }],
      },
      {
        id: 'without-cost',
        title: 'Calls without a cost',
        description:
          'Calls that the cost does not include, so that it is too low. Unpriced: add the price of the model. Unmetered: the tokens are unknown; read streams to their end.',
        unit: 'count',
        shape: 'values',
        thresholds: RED_ABOVE_ZERO,
        isWithoutRuns: true,
        lines: [
          { name: 'unpriced', measure: increase('tta_llm_unpriced_requests_total') },
          { name: 'unmetered', measure: increase('tta_llm_unmetered_requests_total') },
        ],
      },
      {
        id: 'hits',
        title: 'Cache hit rate',
        description: 'The share of cache lookups that did not run the wrapped primitive.',
        unit: 'share',
        shape: 'values',
        thresholds: [
          ['red', 0],
          ['yellow', 0.2],
          ['green', 0.5],
        ],
        lines: [{ name: 'hits', measure: hits }],
      },
      {
        id: 'saved',
        title: 'Saved by caches',
        description: 'Dollars of the model calls that caches have made unnecessary.',
        unit: 'dollars',
        shape: 'values',
        thresholds: NEUTRAL,
        lines: [{ name: 'saved', measure: increase('tta_cache_saved_dollars_total') }],
      },
      {
        id: 'uses',
        title: 'Cost by use',
        description:
          'What became of the answers that were paid for. Used: answered, fallback. Not used: retried, hedged, aborted, failed. Those of the offline model are imaginary.',
        unit: 'dollars',
        shape: 'values',
        isWithoutRuns: true,
        lines: [{ name: '{{use}}', measure: increase('tta_llm_cost_by_use_total') }],
      },
      {
        id: 'budgets',
        title: 'Left of budgets',
        description: 'Dollars that are left of each budget; the least of its runs, tenants and instances.',
        unit: 'dollars',
        shape: 'values',
        thresholds: [
          ['red', Number.NEGATIVE_INFINITY],
          ['green', 0.000_001],
        ],
        isWithoutRuns: true,
        lines: [{ name: '{{budget}}', measure: gauge('tta_budget_remaining_dollars') }],
      },
      {
        id: 'circuits',
        title: 'Circuit state',
        description: 'The worst state of each circuit. An open circuit does not call its dependency.',
        unit: 'state',
        shape: 'values',
        thresholds: [
          ['green', 0],
          ['yellow', 1],
          ['red', 2],
        ],
        isWithoutRuns: true,
        lines: [{ name: NAME, measure: gauge('tta_circuit_breaker_state') }],
      },
      {
        id: 'spans-lost',
        title: 'Spans lost',
        description: 'Spans that ended but did not reach their receiver. These numbers are not affected.',
        unit: 'count',
        shape: 'values',
        thresholds: RED_ABOVE_ZERO,
        isWithoutRuns: true,
        lines: [{ name: 'lost', measure: increase('tta_spans_lost_total') }],
      },
    ],
  ],
  [
    'Traffic and errors',
    [
      {
        id: 'rate-by-workflow',
        title: 'Request rate by workflow',
        description: 'Finished executions per second of each workflow.',
        unit: 'per_second',
        shape: 'stacked',
        lines: [{ name: WORKFLOW, measure: rate(EXECUTIONS) }],
      },
      {
        id: 'failed-by-workflow',
        title: 'Failed requests by workflow',
        description: 'The share of executions of each workflow that failed, without cancelled and superseded ones.',
        unit: 'share',
        shape: 'lines',
        status: FAILED_STATUS,
        lines: [{ name: WORKFLOW, measure: failed }],
      },
      {
        id: 'outcomes',
        title: 'Workflow executions by outcome',
        description:
          'How executions ended, per second. Cancelled ones were given up by their caller, superseded ones lost a race or had a failed sibling: neither is a failure.',
        unit: 'per_second',
        shape: 'stacked',
        lines: [{ name: '{{outcome}}', measure: rate(OUTCOMES) }],
      },
    ],
  ],
  [
    'Latency',
    [
      {
        id: 'latency',
        title: 'Latency, median and tails',
        description: 'Wall time of all workflows together.',
        unit: 'seconds',
        shape: 'lines',
        lines: quantiles(DURATION),
      },
      {
        id: 'latency-by-workflow',
        title: 'Latency by workflow, p95',
        description: 'Of 100 executions of each workflow, 95 take this time or less.',
        unit: 'seconds',
        shape: 'lines',
        lines: [{ name: WORKFLOW, measure: quantile(0.95, DURATION) }],
      },
      {
        id: 'latency-by-type',
        title: 'Latency by type, p95',
        description:
          'Of 100 executions of each type, 95 take this time or less. The time of a composed primitive includes its parts.',
        unit: 'seconds',
        shape: 'lines',
        lines: [{ name: TYPE, measure: quantile(0.95, PRIMITIVE_DURATION) }],
      },
    ],
  ],
  [
    'Money',
    [
      {
        id: 'cost-by-model',
        title: 'Cost per hour by model',
        description: 'Dollars per hour at the rate of that moment.',
        unit: 'dollars_per_hour',
        shape: 'stacked',
        lines: [{ name: MODEL, measure: perHour(COST) }],
      },
      {
        id: 'cost-by-workflow',
        title: 'Cost per hour by workflow',
        description: 'Dollars per hour by outermost workflow; __none__ is for calls outside of a workflow.',
        unit: 'dollars_per_hour',
        shape: 'stacked',
        lines: [{ name: WORKFLOW, measure: perHour(WORKFLOW_COST) }],
      },
      {
        id: 'cost-by-use',
        title: 'Cost per hour by use',
        description:
          'What became of the answers that were paid for. Used: answered, fallback. Not used: retried, hedged, aborted, failed. The dollars of an execution are here when it ends. Those of the offline model are imaginary.',
        unit: 'dollars_per_hour',
        shape: 'stacked',
        isWithoutRuns: true,
        lines: [{ name: '{{use}}', measure: perHour('tta_llm_cost_by_use_total') }],
      },
      {
        id: 'cost-of-models',
        title: 'Cost by model and provider',
        description: 'Dollars in the time shown.',
        unit: 'dollars',
        shape: 'bars',
        lines: [{ name: '{{model}} ({{provider}})', measure: increase(COST) }],
      },
      {
        id: 'cost-of-tenants',
        title: 'Cost by tenant',
        description: 'Dollars of all models, also of the offline one. __none__ is for calls without a tenant.',
        unit: 'dollars',
        shape: 'bars',
        lines: [{ name: '{{tenant}}', measure: increase('tta_tenant_llm_cost_total') }],
      },
      {
        id: 'saved-by-cache',
        title: 'Saved by caches',
        description: 'Dollars of the model calls that each cache has made unnecessary.',
        unit: 'dollars',
        shape: 'bars',
        lines: [{ name: NAME, measure: increase('tta_cache_saved_dollars_total') }],
      },
      {
        id: 'budgets-over-time',
        title: 'Left of budgets',
        description:
          'Dollars that are left of each budget, and its limit; the least of its runs, tenants and instances.',
        unit: 'dollars',
        shape: 'lines',
        lines: [
          { name: '{{budget}}', measure: gauge('tta_budget_remaining_dollars') },
          { name: '{{budget}}: limit', measure: gauge('tta_budget_limit_dollars') },
        ],
      },
      {
        id: 'budget-refusals',
        title: 'Refusals and failures of budgets',
        description:
          'Calls and runs per second that each budget stopped, and failed operations of its store: meanwhile its limit does not hold.',
        unit: 'per_second',
        shape: 'lines',
        lines: [
          { name: '{{budget}}: refused', measure: rate('tta_budget_refusals_total') },
          { name: '{{budget}}: store failed', measure: rate('tta_budget_store_errors_total') },
        ],
      },
    ],
  ],
  [
    'Model calls',
    [
      {
        id: 'calls',
        title: 'Calls by model',
        description: 'Finished model calls per second.',
        unit: 'per_second',
        shape: 'lines',
        lines: [{ name: MODEL, measure: rate(REQUESTS) }],
      },
      {
        id: 'failed-calls',
        title: 'Failed calls',
        description:
          'The share of calls of each model that failed or took too long, without those that their caller, a race or a hedge ended. Each attempt of a retry is one call.',
        unit: 'share',
        shape: 'lines',
        lines: [{ name: MODEL, measure: failedCalls }],
      },
      {
        id: 'latency-by-model',
        title: 'Latency by model, p95',
        description: 'Of 100 calls of each model, 95 take this time or less.',
        unit: 'seconds',
        shape: 'lines',
        lines: [{ name: MODEL, measure: quantile(0.95, MODEL_DURATION) }],
      },
      {
        id: 'first-chunk',
        title: 'Time to the first chunk',
        description: 'Of streaming calls: how long a reader waits for the first words.',
        unit: 'seconds',
        shape: 'lines',
        lines: quantiles(FIRST_CHUNK, `${MODEL} `).slice(0, 2),
      },
      {
        id: 'input-tokens',
        title: 'Input tokens',
        description: 'Per second, also cached ones.',
        unit: 'per_second',
        shape: 'lines',
        lines: [{ name: MODEL, measure: rate('tta_llm_input_tokens_total') }],
      },
      {
        id: 'output-tokens',
        title: 'Output tokens',
        description: 'Per second, also for reasoning.',
        unit: 'per_second',
        shape: 'lines',
        lines: [{ name: MODEL, measure: rate('tta_llm_output_tokens_total') }],
      },
    ],
  ],
  [
    'Primitives',
    [
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
        description:
          'The worst state of each circuit over all instances. An open circuit does not call its dependency.',
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
    ],
  ],
];

export const TABLES: readonly TableRow[] = [
  {
    id: 'workflows',
    row: 'Traffic and errors',
    title: 'Each workflow',
    description: 'One line per workflow, for the whole time shown. A workflow without a cost called no model.',
    of: 'Workflow',
    name: WORKFLOW,
    columns: [
      ['Executions', 'count', increase(EXECUTIONS)],
      ['Failed', 'share', failed],
      ['p50', 'seconds', quantile(0.5, DURATION)],
      ['p95', 'seconds', quantile(0.95, DURATION)],
      ['p99', 'seconds', quantile(0.99, DURATION)],
      ['Cost', 'dollars', increase(WORKFLOW_COST)],
    ],
  },
  {
    id: 'models',
    row: 'Model calls',
    title: 'Each model',
    description: 'One line per model, for the whole time shown.',
    of: 'Model',
    name: MODEL,
    columns: [
      ['Calls', 'count', increase(REQUESTS)],
      ['Failed', 'share', failedCalls],
      ['p50', 'seconds', quantile(0.5, MODEL_DURATION)],
      ['p95', 'seconds', quantile(0.95, MODEL_DURATION)],
      ['p99', 'seconds', quantile(0.99, MODEL_DURATION)],
      ['Cost', 'dollars', increase(COST)],
    ],
  },
  {
    id: 'types',
    row: 'Primitives',
    title: 'Each type of primitive',
    description: 'One line per type, for the whole time shown. The time of a composed primitive includes its parts.',
    of: 'Type',
    name: TYPE,
    columns: [
      ['Executions', 'count', increase(PRIMITIVES)],
      ['Failed', 'share', share(PRIMITIVE_OUTCOMES, FAILED, VALID)],
      ['p50', 'seconds', quantile(0.5, PRIMITIVE_DURATION)],
      ['p95', 'seconds', quantile(0.95, PRIMITIVE_DURATION)],
      ['p99', 'seconds', quantile(0.99, PRIMITIVE_DURATION)],
    ],
  },
  {
    id: 'primitives',
    row: 'Primitives',
    title: 'Each primitive',
    description: 'One line per primitive by its name, for the whole time shown.',
    of: 'Primitive',
    name: `${NAME} ({{primitive_type}})`,
    columns: [
      ['Executions', 'count', increase(PRIMITIVES)],
      ['Failed', 'share', share(PRIMITIVES, { status: { only: ['failure'] } })],
    ],
  },
];

/** The metrics that are kept: those that the page shows. */
export const KEPT_METRICS: ReadonlySet<string> = new Set(
  [
    ...PANELS.flatMap(([, panels]) => panels.flatMap(({ lines }) => lines.map(({ measure }) => measure))),
    ...TABLES.flatMap(({ columns }) => columns.map(([, , measure]) => measure)),
  ].flatMap(metricsOf),
);
