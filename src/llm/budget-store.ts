import { checkOptions, type Rule, type Rules } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { count, having, optional } from '../core/rules.ts';
import { type Balance, dollarsOf, hold, NEW_BALANCE, nanodollars, release } from '../ledger/budget.ts';

/** A question to a store: may this much money be held for a call? */
export interface BudgetReservation {
  /** Whose money it is: a run, a tenant in its window, and so on. */
  readonly account: string;
  /** Names the reservation. It is unique. */
  readonly id: string;
  /** How much to hold. 0 holds nothing, and only asks. */
  readonly dollars: number;
  readonly limitUsd: number;
  /** What time it is, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** From when on the account may be forgotten, in milliseconds since the Unix epoch; `undefined` for never. */
  readonly expiresAt: number | undefined;
}

/** The end of a call. It is sent again where a store has not answered: each `id` counts once. */
export interface BudgetSettlement extends Omit<BudgetReservation, 'dollars' | 'limitUsd'> {
  /** How much was held under this `id`. It is held no more. */
  readonly heldUsd: number;
  /** What the call cost. It counts also where nothing is held under this `id`. */
  readonly dollars: number;
}

/** What a store knows of an account. */
export interface BudgetBalance {
  readonly spentUsd: number;
  /** What is held for calls that have not ended. */
  readonly heldUsd: number;
}

/**
 * Where budgets keep what was spent. In a store outside of the process several processes share a budget. A call waits for
 * `reserve`, and for `settle` nothing waits.
 */
export interface BudgetStore {
  /** How long a budget waits for an answer, in milliseconds. @default 1000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Holds the money in one step that no other reservation can come between, and says so by `granted`. It refuses where
   * what is spent, what is held and `dollars` are more than the limit, or where the limit is used up.
   */
  reserve(
    reservation: BudgetReservation,
  ): (BudgetBalance & { readonly granted: boolean }) | PromiseLike<BudgetBalance & { readonly granted: boolean }>;
  /** Gives the money that was held free, and adds what was spent. */
  settle(settlement: BudgetSettlement): BudgetBalance | PromiseLike<BudgetBalance>;
}

const methods = having<BudgetStore>('reserve', 'settle');

/** A store: an object with these methods. It may have more. */
export const budgetStore: Rule<BudgetStore> = (where, option, value) => {
  methods(where, option, value);
  storeTimeout(where, `${option}.timeoutMs`, (value as BudgetStore).timeoutMs);
};

export interface MemoryBudgetStoreOptions {
  /**
   * How many accounts (runs, or tenants in their windows) are kept; the least recently used is forgotten first. One takes
   * about 400 bytes. @default 100000
   */
  readonly maxKeys?: number | undefined;
}

const RULES: Rules<MemoryBudgetStoreOptions> = { maxKeys: optional(count) };

interface Kept {
  readonly balance: Balance;
  readonly expiresAt: number | undefined;
}

/**
 * Keeps what was spent in this process. Each `budget` has one of its own; share one among several budgets with the same
 * `name`, and they are one budget.
 *
 * @example
 * const store = memoryBudgetStore({ maxKeys: 10_000 });
 * const ask = budget(small, { name: 'team', limitUsd: 5, per: 'all', windowMs: 86_400_000, store });
 * const think = budget(large, { name: 'team', limitUsd: 5, per: 'all', windowMs: 86_400_000, store });
 * @throws TypeError, RangeError when an option is wrong
 */
export function memoryBudgetStore(options: MemoryBudgetStoreOptions = {}): BudgetStore {
  checkOptions('MemoryBudgetStoreOptions', options, RULES);
  const { maxKeys = 100_000 } = options;
  /** In the order of their last use. */
  const accounts = new Map<string, Kept>();

  /** Two for each that is new: those that have expired go faster than others come. */
  function forgetOldest(now: number): void {
    let looked = 0;
    for (const [key, { expiresAt }] of accounts) {
      if (accounts.size > maxKeys || (expiresAt !== undefined && expiresAt <= now)) accounts.delete(key);
      looked += 1;
      if (looked === 2) return;
    }
  }

  function keep(key: string, balance: Balance, { now, expiresAt }: BudgetReservation | BudgetSettlement): void {
    const isNew = !accounts.delete(key);
    accounts.set(key, { balance, expiresAt });
    if (isNew) forgetOldest(now);
  }

  const inDollars = ({ spent, held }: Balance) => ({ spentUsd: dollarsOf(spent), heldUsd: dollarsOf(held) });
  const balanceOf = (key: string, now: number): Balance => {
    const known = accounts.get(key);
    const hasExpired = known?.expiresAt !== undefined && known.expiresAt <= now;
    return known === undefined || hasExpired ? NEW_BALANCE : known.balance;
  };

  return {
    reserve(reservation) {
      const { account: key, now, dollars, limitUsd } = reservation;
      const before = balanceOf(key, now);
      const after = hold(before, nanodollars(dollars), nanodollars(limitUsd));
      if (after !== undefined && dollars > 0) keep(key, after, reservation);
      return { ...inDollars(after ?? before), granted: after !== undefined };
    },
    settle(settlement) {
      const { account: key, now, heldUsd, dollars } = settlement;
      const after = release(balanceOf(key, now), nanodollars(heldUsd), nanodollars(dollars));
      keep(key, after, settlement);
      return inDollars(after);
    },
  };
}
