import type { ExecutionContext } from '../core/context.ts';
import { readProperty } from '../platform/read-property.ts';
import type { LlmCalls, Observation } from '../telemetry/record/llm.ts';
import { cataloguePrices } from './catalogue.ts';
import { type Model, soundUsage, type Usage } from './model.ts';
import { firstPrice, type PriceTable, REFERENCE_PRICES, tablePrices } from './price.ts';

export type Bill = (observation: Observation, context: ExecutionContext, usage: unknown) => Promise<void>;

/**
 * Counts what calls of a model used and cost: by the author's prices, else the reference ones, else the catalogue. A
 * call of which usage or price is not known counts as unpriced.
 */
export function billing({ id: model, provider }: Model, calls: LlmCalls, prices: PriceTable = {}): Bill {
  const own = firstPrice(tablePrices(prices), tablePrices(REFERENCE_PRICES));
  return async (observation, context, usage) => {
    if (!isUsage(usage)) {
      calls.unpriced(observation);
      return;
    }
    const call = { provider, model, usage };
    const cost = own(call) ?? (await cataloguePrices())(call);
    calls.used(observation, soundUsage(usage));
    if (cost === undefined) calls.unpriced(observation);
    else calls.spent(observation, cost, context.workflowName);
  };
}

/** The usage that an error carries whose call was billed all the same. */
export function billedUsage(error: unknown): Usage | undefined {
  const usage = readProperty(error, 'usage');
  return isUsage(usage) ? usage : undefined;
}

/** Other errors have a `usage` too, such as how a command is to be called. */
function isUsage(usage: unknown): usage is Usage {
  return (
    typeof readProperty(usage, 'inputTokens') === 'number' || typeof readProperty(usage, 'outputTokens') === 'number'
  );
}
