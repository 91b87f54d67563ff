import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { isPromise } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { dollarsOf, nanodollars, reaches } from '../ledger/budget.ts';
import type { Observation } from '../telemetry/record/callback.ts';
import type { BudgetBalance } from './budget-store.ts';

/** What `onWarn` is told, in US dollars. */
export interface SoftLimitReached extends BudgetBalance {
  readonly limitUsd: number;
}

export type OnWarn = (reached: SoftLimitReached, context: WorkflowContext) => unknown;

export type SoftLimit = ReturnType<typeof softLimit>;

/** @param onWarn what is told; a process warning where it is `undefined` */
export function softLimit(messageName: string, limitUsd: number, warnAt: number, onWarn: OnWarn | undefined) {
  const soft = nanodollars(limitUsd * warnAt);
  let hasWarned = false;
  const warnOnce = () => {
    if (hasWarned) return;
    hasWarned = true;
    const text = `${messageName}: its soft limit of $${dollarsOf(soft)} is spent, of a limit of $${limitUsd}`;
    process.emitWarning(text, 'TtaPrimitivesWarning');
  };
  const tell = onWarn ?? warnOnce;

  return {
    isReached: ({ spentUsd }: BudgetBalance) => nanodollars(spentUsd) >= soft,
    /**
     * Tells it where `dollars` have made the balance reach the limit: of all processes that share a budget, one sees that.
     * Gives what there is to wait for.
     */
    tellIfReached(
      { spentUsd, heldUsd }: BudgetBalance,
      dollars: number,
      context: ExecutionContext,
      observation: Observation,
    ): Promise<unknown> | undefined {
      if (!reaches(soft, nanodollars(spentUsd), nanodollars(dollars))) return undefined;
      const reached: SoftLimitReached = { spentUsd, heldUsd, limitUsd };
      const answer = decide((_, inside) => tell(reached, inside), undefined, context, observation);
      return isPromise(answer) ? answer : undefined;
    },
  };
}
