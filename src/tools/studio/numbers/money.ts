/** Where the dollars went. */
import { gauge, increase, perHour, rate } from './measure.ts';
import type { PanelRow } from './panel.ts';
import { COST, MODEL, NAME, WORKFLOW, WORKFLOW_COST } from './terms.ts';

export const MONEY: readonly PanelRow[] = [
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
    description: 'Dollars that are left of each budget, and its limit; the least of its runs, tenants and instances.',
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
];
