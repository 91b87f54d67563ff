import type { ExecutionContext } from '../core/context.ts';
import { cataloguePrices } from '../ledger/catalogue.ts';
import { firstPrice, type PriceTable, REFERENCE_PRICES, tablePrices } from '../ledger/price.ts';
import { soundUsage, type Usage } from '../ledger/usage.ts';
import { readProperty } from '../platform/read-property.ts';
import type { ModelCallRecorder, Observation } from '../telemetry/record/llm.ts';
import type { Model } from './model.ts';

/** Records what one call used and cost. `usage` is what the model's reply or error says, in whatever shape. */
export type Bill = (observation: Observation, context: ExecutionContext, usage: unknown) => Promise<void>;

/**
 * Records what calls of a model used and cost: by the author's prices, else the reference ones, else the catalogue. A
 * call whose usage or price is not known counts as unpriced.
 */
export function billing({ id, provider }: Model, record: ModelCallRecorder, prices: PriceTable = {}): Bill {
  const knownPrice = firstPrice(tablePrices(prices), tablePrices(REFERENCE_PRICES));
  return async (observation, context, usage) => {
    if (!isUsage(usage)) {
      record.unpriced(observation);
      return;
    }
    const call = { provider, model: id, usage };
    const dollars = knownPrice(call) ?? (await cataloguePrices())(call);
    record.used(observation, soundUsage(usage));
    if (dollars === undefined) record.unpriced(observation);
    else record.spent(observation, dollars, context.workflowName);
  };
}

/** The usage that an error carries whose call was billed all the same. */
export function billedUsage(error: unknown): Usage | undefined {
  const usage = readProperty(error, 'usage');
  return isUsage(usage) ? usage : undefined;
}

/** Errors of others have a `usage` too, such as how a command is called. */
function isUsage(usage: unknown): usage is Usage {
  return (
    typeof readProperty(usage, 'inputTokens') === 'number' || typeof readProperty(usage, 'outputTokens') === 'number'
  );
}
