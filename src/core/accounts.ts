/** The accounts that the dollars of an execution go to: one for the outermost execution, one for each try of a policy. */
import { Account, type DollarUse, type Payee, type Standing } from '../ledger/account.ts';
import type { CancelScope } from './cancellation.ts';
import type { ExecutionContext } from './context.ts';
import { WRITER } from './run.ts';

export { Account, WRITER };

const ACCOUNT = 'account';

/** Opens an account for a try or a branch that runs in `context`. Close it with what became of the work. */
export function openAccount(context: ExecutionContext): Account {
  return new Account(payeeOf(context));
}

/** The context of the work whose dollars go to `account`, under another scope if that is given. */
export function withAccount(context: ExecutionContext, account: Account, scope?: CancelScope): ExecutionContext {
  return context.insideOf(ACCOUNT, account, scope);
}

/** The execution that began the work has left it to others: what becomes of that execution says nothing of the work. */
export function leaveToOthers(account: Account): void {
  account.moveTo(WRITER);
}

/** What became of a call: as in `Standing`, or `aborted` by the caller, which no policy changes. */
export function payIn(context: ExecutionContext, became: Standing | 'aborted', dollars: number): void {
  const payee = payeeOf(context);
  if (became === 'aborted') payee.decide(became satisfies DollarUse, dollars);
  else payee.add(became, dollars);
}

/** Takes the dollars of the work in this context, also after the work has ended. */
export function payeeOf(context: ExecutionContext): Payee {
  return context.innermost<Payee>(ACCOUNT) ?? context.payee;
}
