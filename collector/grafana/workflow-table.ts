import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { SOURCE } from './panels.ts';
import { FAILED, increase, quantileOf, sum, VALID } from './queries.ts';

const BY = 'workflow_name';
const SELECTED_WORKFLOWS = 'workflow_name=~"$workflow"';
const workflowIncrease = (metric: string, ...more: readonly string[]) =>
  increase('$__range', metric, SELECTED_WORKFLOWS, ...more);
const executions = sum(BY, workflowIncrease('tta_workflow_executions_total'));
const OUTCOMES = 'tta_workflow_outcomes_total';
const seconds = 'tta_workflow_duration_seconds';

const COLUMNS: readonly (readonly [name: string, unit: string, expression: string])[] = [
  ['Executions', 'short', executions],
  [
    'Failed',
    'percentunit',
    `${sum(BY, workflowIncrease(OUTCOMES, FAILED))} / ${sum(BY, workflowIncrease(OUTCOMES, VALID))}`,
  ],
  ['p50', 's', quantileOf(0.5, BY, workflowIncrease(`${seconds}_bucket`))],
  ['p95', 's', quantileOf(0.95, BY, workflowIncrease(`${seconds}_bucket`))],
  ['Cost', 'currencyUSD', sum(BY, workflowIncrease('tta_workflow_llm_cost_total'))],
];

/** A table with one line per workflow, for the whole time that the dashboard shows. */
export function workflowTable(): PanelBuilder {
  const panel = new PanelBuilder()
    .title('Each workflow')
    .description('One line per workflow, for the whole time shown. A workflow without a cost called no model.')
    .datasource(SOURCE)
    .span(24)
    .height(7);
  const renamed: Record<string, string> = { [BY]: 'Workflow', namespace: 'Namespace', cluster: 'Cluster' };
  for (const [index, [name, unit, expression]] of COLUMNS.entries()) {
    const refId = String.fromCharCode('A'.charCodeAt(0) + index);
    panel.withTarget(
      new DataqueryBuilder().refId(refId).datasource(SOURCE).expr(expression).instant().format(PromQueryFormat.Table),
    );
    renamed[`Value #${refId}`] = name;
    panel.overrideByName(name, [{ id: 'unit', value: unit }]);
  }
  return panel.withTransformation({ id: 'merge', options: {} }).withTransformation({
    id: 'organize',
    options: { excludeByName: { Time: true }, indexByName: {}, renameByName: renamed },
  });
}
