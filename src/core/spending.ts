/** Who is told of the money that is spent inside of an execution. */
import type { CallPlan, Charge } from '../ledger/charge.ts';
import { guarded } from '../telemetry/guard.ts';
import type { ExecutionContext } from './context.ts';

/** Ends a reservation, with the charge of the call that it was made for. */
export type Settle = (charge: Charge) => void;

/** Wants to know of each charge below it, and may refuse a call before it begins. */
export interface Spender {
  /** Asked before each call below. Throws or rejects to refuse it. */
  reserve?(plan: CallPlan, context: ExecutionContext): Settle | undefined | PromiseLike<Settle | undefined>;
  /** Told of each charge below, once, when the call has ended. */
  charged?(charge: Charge): void;
  /** Told of a charge that comes when its price has been loaded. */
  awaits?(charge: PromiseLike<unknown>): void;
}

const SPENDER = 'spender';

/** The context of work whose charges `spender` is told of. */
export function withSpender(context: ExecutionContext, spender: Spender): ExecutionContext {
  return context.insideOf(SPENDER, spender);
}

/** Those who are told of a charge in this context, the innermost first. */
export function spendersAround(context: ExecutionContext): readonly Spender[] {
  return context.all<Spender>(SPENDER);
}

/** Whether a call in this context must be asked for. */
export function hasBudget(context: ExecutionContext): boolean {
  return context.innermost<Spender>(SPENDER, ({ reserve }) => reserve !== undefined) !== undefined;
}

/** Tells all around of a charge. An error of one of them reaches neither the others nor the work. */
export function tellSpenders(context: ExecutionContext, tell: (spender: Spender) => void): void {
  for (const spender of spendersAround(context)) guarded('a charge is not taken', () => tell(spender));
}
