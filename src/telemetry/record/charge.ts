/** What model calls cost: tokens and dollars, by model, workflow and use. */
import type { Attributes } from '@opentelemetry/api';
import { addTo } from '../../ledger/money.ts';
import { nextExemplar } from '../exemplars.ts';
import { labelValue } from '../label-sets.ts';
import type { Observation } from '../observation.ts';
import { ATTR, INSTRUMENT, type InstrumentName, NO_WORKFLOW, USES, type Use } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';
import { modelSeries, type Tokens } from './model-series.ts';
import { tenantCost } from './tenant.ts';

export { UNKNOWN_MODEL } from '../semconv.ts';

const workflowCost = dollarsBy(INSTRUMENT.workflowCost, ATTR.workflowName);
const outsideOfWorkflows = workflowCost.series(NO_WORKFLOW);
const costByUse = dollarsBy(INSTRUMENT.costByUse, ATTR.costUse);
const uses = new Map(USES.map((use) => [use, costByUse.series(use)]));

function dollarsBy(name: InstrumentName, key: string): SeriesTable {
  return new SeriesTable(name, 'counter', { unit: '{USD}' }, [key]);
}

/** The dollars of a workflow are 0 from its construction, so that a rate sees the first ones. */
export function expectWorkflowCost(workflowName: string): void {
  workflowCost.series(workflowName);
}

/** What one call cost. See `Charge` of the ledger. */
export interface RecordedCharge {
  readonly provider: string;
  readonly model: string;
  readonly metering: string;
  readonly usage: Readonly<Record<Tokens, number>> | undefined;
  readonly dollars: number | undefined;
  readonly pricedBy: string | undefined;
}

/**
 * Counts a charge, and shows it on the span of the call. Usage that is unknown, a lower bound or an estimate counts as
 * unmetered, usage of unknown price as unpriced: neither counts as 0 dollars.
 */
export function recordCharge(
  charge: RecordedCharge,
  observation: Observation,
  { workflowName, tenant }: { readonly workflowName: string | undefined; readonly tenant: string | undefined },
): void {
  const { provider, model, metering, usage, dollars, pricedBy } = charge;
  const series = modelSeries(provider, model);
  const shown: Attributes = { [ATTR.metering]: metering };
  if (workflowName !== undefined) shown[ATTR.workflowName] = labelValue(workflowName);
  if (tenant !== undefined) shown[ATTR.tenant] = labelValue(tenant);
  if (metering !== 'exact') {
    series.unmetered.value += 1;
    shown[ATTR.metered] = false;
  }
  if (usage !== undefined) {
    for (const [key, counter] of series.tokens) counter.value += usage[key];
    shown[ATTR.genAiInputTokens] = usage.inputTokens;
    shown[ATTR.genAiOutputTokens] = usage.outputTokens;
    shown[ATTR.genAiCacheReadTokens] = usage.cachedInputTokens;
    shown[ATTR.genAiCacheWriteTokens] = usage.cacheWriteTokens;
    shown[ATTR.genAiReasoningTokens] = usage.reasoningTokens;
  }
  if (dollars !== undefined) {
    const ofWorkflow = workflowName === undefined ? outsideOfWorkflows : workflowCost.series(workflowName);
    for (const sum of [series.cost, ofWorkflow, tenantCost(tenant)]) spend(sum, dollars, observation);
    shown[ATTR.cost] = dollars;
    shown[ATTR.pricedBy] = pricedBy;
  } else if (usage !== undefined) {
    series.unpriced.value += 1;
    shown[ATTR.priced] = false;
  }
  observation.span?.setAttributes(shown);
}

function spend(sum: Series, dollars: number, observation: Observation): void {
  addTo(sum, dollars);
  if (dollars > 0) sum.exemplar = nextExemplar(sum.exemplar, dollars, sum.attributes, observation);
}

/** Counts dollars whose use is decided. */
export function recordUse(use: Use, dollars: number): void {
  const series = uses.get(use);
  if (series !== undefined) addTo(series, dollars);
}
