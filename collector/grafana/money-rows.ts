/** Rows of the LLM dashboard: where the dollars went, budgets, and what the dollars do not include. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { barGauge, stateTimeline, timeSeries } from './panels.ts';
import { aggregate, increase, rate, series, sum } from './queries.ts';
import { NEUTRAL, OBSERVED } from './thresholds.ts';

const inTheTimeShown = (by: string, metric: string) => `topk(12, ${sum(by, increase('$__range', metric))})`;

export const moneyRows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[] = [
  [
    'Where the dollars went',
    [
      timeSeries({
        title: 'Cost per hour by use',
        description:
          'What became of the answers that were paid for. Used: answered, fallback. Not used: retried, hedged, aborted, failed. The dollars of an execution are here when it ends. Those of the offline model are imaginary.',
        unit: 'currencyUSD',
        queries: [[`3600 * ${sum('use', rate('tta_llm_cost_by_use_total'))}`, '{{use}}']],
        width: 8,
        stacked: true,
      }),
      barGauge({
        title: 'Cost by tenant',
        description:
          'Dollars of all models, also of the offline one; the twelve largest numbers. __none__ is for calls without a tenant.',
        unit: 'currencyUSD',
        decimals: 2,
        queries: [[inTheTimeShown('tenant', 'tta_tenant_llm_cost_total'), '{{tenant}}']],
        width: 8,
        thresholds: NEUTRAL,
      }),
      barGauge({
        title: 'Saved by caches',
        description: 'Dollars of the model calls that each cache has made unnecessary.',
        unit: 'currencyUSD',
        decimals: 2,
        queries: [[inTheTimeShown('primitive_name', 'tta_cache_saved_dollars_total'), '{{primitive_name}}']],
        width: 8,
        thresholds: NEUTRAL,
      }),
    ],
  ],
  [
    'Budgets, and what is not counted',
    [
      timeSeries({
        title: 'Left of budgets',
        description:
          'Dollars that are left of each budget, and its limit; the least of its runs, tenants and instances.',
        unit: 'currencyUSD',
        queries: [
          [aggregate('min', 'budget', series('tta_budget_remaining_dollars')), '{{budget}}'],
          [aggregate('min', 'budget', series('tta_budget_limit_dollars')), '{{budget}}: limit'],
        ],
        width: 8,
      }),
      timeSeries({
        title: 'Refusals and failures of budgets',
        description:
          'Calls and runs per second that each budget stopped, and failed operations of its store: meanwhile its limit does not hold.',
        unit: 'ops',
        queries: [
          [sum('budget', rate('tta_budget_refusals_total')), '{{budget}}: refused'],
          [sum('budget', rate('tta_budget_store_errors_total')), '{{budget}}: store failed'],
        ],
        width: 8,
      }),
      timeSeries({
        title: 'Requests that are not read',
        description:
          'Requests per second to each provider that are no known kind of model call, such as pictures. The cost does not include them.',
        unit: 'reqps',
        queries: [
          [sum('provider', rate('tta_llm_unmetered_requests_total', 'model="__unrecognised__"')), '{{provider}}'],
        ],
        width: 8,
      }),
      stateTimeline({
        title: 'Observed hosts',
        description:
          'The hosts whose requests over fetch are read as model calls. __known__ stands for the hosts of all known providers, __any__ for every host. Calls to other hosts are in no number here.',
        unit: 'none',
        queries: [
          [
            aggregate('max', 'mode, host, provider', series('tta_llm_observed_hosts')),
            '{{host}} ({{provider}}), {{mode}}',
          ],
        ],
        mappings: OBSERVED,
        width: 24,
        height: 6,
      }),
    ],
  ],
];
