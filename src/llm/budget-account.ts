/** Whose money an execution spends. */
import { boundedKey } from '../core/bounded-key.ts';
import { fail, type Rule } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { measure } from '../core/show.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { windowEnd } from '../ledger/budget.ts';

export type BudgetKey<In> =
  | 'run'
  | 'tenant'
  | 'all'
  | ((input: In, context: WorkflowContext) => string | PromiseLike<string>);

const WORDS: readonly unknown[] = ['run', 'tenant', 'all'];

export const perRule: Rule<BudgetKey<never>> = (where, option, value) => {
  if (WORDS.includes(value) || typeof value === 'function') return;
  fail(where, option, "must be 'run', 'tenant', 'all' or a function that gives a key", value);
};

/** An account at one moment. */
export interface AccountNow {
  readonly key: string;
  /** What time it is, and until when the account is kept, in milliseconds since the Unix epoch. */
  readonly now: number;
  readonly expiresAt: number | undefined;
  /** When its window ends; `undefined` where there are no windows. */
  readonly windowEnd: number | undefined;
  /** Until when telemetry shows what is left of it. */
  readonly shownUntil: number;
}

/** Gives the account of an execution as it is at a date. */
export type BudgetAccount = (date: number) => AccountNow;

/** Nothing tells that a run has ended: one that makes no call for a day is taken for one that has. */
const RUN_KEPT_MS = 86_400_000;
/** The gauge is to show also runs that are shorter than the time between two scrapes. */
const RUN_SHOWN_MS = 300_000;

/** @param name the name of the budget; budgets with other names have other accounts in the same store */
export function budgetAccounts<In>(name: string, per: BudgetKey<In>, windowMs: number | undefined) {
  const prefix = name.replace(/[%:]/g, encodeURIComponent);

  const account = (kind: string, key: string): BudgetAccount => {
    return (now) => {
      if (windowMs === undefined) {
        const isRun = kind === 'run';
        return {
          key: `${prefix}:${kind}:${key}`,
          now,
          expiresAt: isRun ? now + RUN_KEPT_MS : undefined,
          windowEnd: undefined,
          shownUntil: isRun ? now + RUN_SHOWN_MS : Number.POSITIVE_INFINITY,
        };
      }
      const end = windowEnd(now, windowMs);
      return { key: `${prefix}:${kind}@${end}:${key}`, now, expiresAt: end, windowEnd: end, shownUntil: end };
    };
  };
  const keyed = (given: unknown): BudgetAccount => {
    if (typeof given !== 'string') throw new TypeError(`${name}: per must give a text, got ${measure(given)}`);
    return account('key', boundedKey(given));
  };

  return (input: In, context: ExecutionContext): BudgetAccount | PromiseLike<BudgetAccount> => {
    if (typeof per === 'function') {
      const given = per(input, context);
      return isPromise(given) ? untilCancelled(given, context.scope).then(keyed) : keyed(given);
    }
    if (per === 'run') return account('run', boundedKey(context.workflowId));
    if (per === 'all') return account('all', '');
    const { tenant } = context;
    return tenant === undefined ? account('tenantless', '') : account('tenant', boundedKey(tenant));
  };
}
