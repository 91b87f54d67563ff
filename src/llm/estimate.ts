/** What a call may cost, before it is made. */
import type { ExecutionContext } from '../core/context.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { assumedUsage } from '../ledger/budget.ts';
import type { CallPlan } from '../ledger/charge.ts';
import { priceCall } from '../ledger/price-call.ts';
import { pricesInForce } from './price-book.ts';

type Dollars = number | undefined;

/** The most US dollars that a call may cost; `undefined` where its price is unknown. */
export type Estimate = (call: CallPlan, context: ExecutionContext) => Dollars | PromiseLike<Dollars>;

/** As an author gives it. */
export type EstimateOption = (
  call: CallPlan,
  context: WorkflowContext,
) => number | undefined | PromiseLike<number | undefined>;

const prices = pricesInForce();

/** By the size of the request and the most tokens of its reply, at the prices of the charge to come. */
export function estimateBySize(assumedOutputTokens: number): Estimate {
  return (call, context) => {
    const usage = assumedUsage(call, assumedOutputTokens);
    if (call.dollarsFor !== undefined) return call.dollarsFor(usage);
    const priced = priceCall({ provider: call.provider, askedModel: call.model, usage, at: context.date() }, prices());
    return isPromise(priced) ? priced.then((later) => later?.dollars) : priced?.dollars;
  };
}
