import type { ExecutionContext } from '../core/context.ts';
import type { PriceTable } from '../ledger/price.ts';
import { priceCall } from '../ledger/price-book.ts';
import { soundUsage, type Usage } from '../ledger/usage.ts';
import { readProperty } from '../platform/read-property.ts';
import type { ModelCallRecorder, Observation } from '../telemetry/record/llm.ts';
import type { Model } from './model.ts';
import { pricesInForce } from './price-book.ts';

/** Records tokens and dollars of one call. `usage` is that of the model's reply or error, not checked yet. */
export type Bill = (observation: Observation, context: ExecutionContext, usage: unknown) => Promise<void>;

/**
 * Records tokens and dollars of the calls to a model: by the author's prices, else the reference prices, else the
 * catalogue. A call whose usage is unknown counts as unmetered, one whose price is unknown as unpriced.
 */
export function billing({ id, provider }: Model, record: ModelCallRecorder, prices?: PriceTable | 'catalogue'): Bill {
  const book = pricesInForce(prices);
  return async (observation, context, usage) => {
    if (!isUsage(usage)) {
      record.unmetered(observation);
      return;
    }
    const priced = await priceCall({ provider, askedModel: id, usage, at: context.date() }, book());
    record.used(observation, soundUsage(usage));
    if (priced === undefined) record.unpriced(observation);
    else record.spent(observation, priced.dollars, context.workflowName);
  };
}

/** The usage in an error; `undefined` if it has none. A call that fails may still be billed. */
export function billedUsage(error: unknown): Usage | undefined {
  const usage = readProperty(error, 'usage');
  return isUsage(usage) ? usage : undefined;
}

/** Errors of other packages may have a `usage` too, such as the syntax of a command. */
function isUsage(usage: unknown): usage is Usage {
  return (
    typeof readProperty(usage, 'inputTokens') === 'number' || typeof readProperty(usage, 'outputTokens') === 'number'
  );
}
