/** What a call may cost, before it is made. */
import type { WorkflowContext } from '../core/workflow-context.ts';
import { assumedUsage } from '../ledger/budget.ts';
import type { CallPlan } from '../ledger/charge.ts';

/** The most US dollars that a call may cost; `undefined` where its price is unknown. */
export type Estimate = (
  call: CallPlan,
  context: WorkflowContext,
) => number | undefined | PromiseLike<number | undefined>;

/** By the size of the request and the most tokens of its reply, at the prices of the charge to come. */
export function estimateBySize(assumedOutputTokens: number): Estimate {
  return (call) => call.dollarsFor(assumedUsage(call, assumedOutputTokens));
}
