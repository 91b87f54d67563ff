/** Asks the budgets around a model call whether it may begin. */
import type { ExecutionContext } from '../core/context.ts';
import { type Settle, type Spender, spendersAround } from '../core/spending.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { CallPlan, Charge } from '../ledger/charge.ts';
import { soundUsage } from '../ledger/usage.ts';

type Budget = Required<Pick<Spender, 'reserve'>>;

/** Gives a reservation back: a call that was not made costs nothing. */
export function notMade({ provider, model = '' }: CallPlan): Charge {
  const usage = soundUsage({ inputTokens: 0, outputTokens: 0 });
  return { provider, model, outcome: 'failed', metering: 'exact', usage, dollars: 0, pricedBy: undefined };
}

/**
 * Reserves money for a call at every budget around it, the outermost first: its refusal stops the most. Gives a function
 * that must be called once with the charge of the call, `undefined` where there is no budget. A refusal is thrown, or
 * rejected with; what the other budgets had reserved is given back then.
 */
export function reserveAround(context: ExecutionContext, plan: CallPlan): Settle | PromiseLike<Settle> | undefined {
  const budgets = spendersAround(context).filter((each): each is Budget => each.reserve !== undefined);
  if (budgets.length === 0) return undefined;
  const reservations: Settle[] = [];
  const settle: Settle = (charge) => {
    for (const each of reservations.splice(0)) each(charge);
  };

  const ask = (): Settle | PromiseLike<Settle> => {
    for (let budget = budgets.pop(); budget !== undefined; budget = budgets.pop()) {
      const answer = budget.reserve(plan, context);
      if (isPromise(answer)) return askLater(answer);
      if (answer !== undefined) reservations.push(answer);
    }
    return settle;
  };

  const askLater = async (answer: PromiseLike<Settle | undefined>): Promise<Settle> => {
    let hasCome = false;
    const reserved = answer.then((given) => {
      hasCome = true;
      if (given !== undefined) reservations.push(given);
    });
    try {
      await untilCancelled(reserved, context.scope);
      return await ask();
    } catch (error) {
      settle(notMade(plan));
      // The call was cancelled while a store was asked: what that store still reserves is given back too.
      if (!hasCome)
        reserved.then(
          () => settle(notMade(plan)),
          () => {},
        );
      throw error;
    }
  };

  try {
    return ask();
  } catch (error) {
    settle(notMade(plan));
    throw error;
  }
}
