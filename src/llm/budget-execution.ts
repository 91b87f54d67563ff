import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { BudgetExceededError } from '../core/refusals.ts';
import { type Settle, withSpender } from '../core/spending.ts';
import { afterOutput } from '../core/stream.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import { dollarsLeft, spentOn } from '../ledger/budget.ts';
import type { CallPlan } from '../ledger/charge.ts';
import type { BudgetRecorder } from '../telemetry/record/budget.ts';
import type { Observation } from '../telemetry/record/callback.ts';
import type { AccountNow, BudgetAccount } from './budget-account.ts';
import type { BudgetBalance } from './budget-store.ts';
import type { Estimate } from './estimate.ts';
import type { GuardedStore } from './guarded-store.ts';
import type { SoftLimit } from './soft-limit.ts';

type Later<T> = T | PromiseLike<T>;

/** What all executions of a budget share. */
export interface BudgetSettings {
  readonly messageName: string;
  readonly limitUsd: number;
  /** `undefined` where there is none. */
  readonly soft: SoftLimit | undefined;
  /** What a call may cost; no number where its price is unknown. */
  readonly estimate: Estimate;
  readonly unpriced: 'allow' | 'refuse';
  readonly storeFailure: 'allow' | 'refuse';
  readonly store: GuardedStore;
  readonly record: BudgetRecorder;
}

const NOTHING: BudgetBalance = { spentUsd: 0, heldUsd: 0 };

/** Whether the soft limit is reached. Where the store does not say it, it is not. */
export async function isSoft(
  { store, limitUsd, soft }: BudgetSettings,
  account: BudgetAccount,
  context: ExecutionContext,
): Promise<boolean> {
  if (soft === undefined) return false;
  const { key, now, expiresAt } = account(context.date());
  const asked = store.reserve({ account: key, id: '', dollars: 0, limitUsd, now, expiresAt }, context);
  const answer = isPromise(asked) ? await untilCancelled(asked, context.scope) : asked;
  return !('failure' in answer) && soft.isReached(answer);
}

/** One execution of a budget: it is asked before each call inside, and told of its charge. */
export class BudgetExecution {
  readonly #settings: BudgetSettings;
  readonly #account: BudgetAccount;
  readonly #context: ExecutionContext;
  readonly #observation: Observation;
  readonly #scope: CancelScope;
  #refusal: BudgetExceededError | undefined;
  /** The store's answers to what was settled, and those of `onWarn`: the execution does not end before them. */
  #pending: Promise<unknown> | undefined;

  constructor(settings: BudgetSettings, account: BudgetAccount, context: ExecutionContext, observation: Observation) {
    this.#settings = settings;
    this.#account = account;
    this.#context = context;
    this.#observation = observation;
    this.#scope = new CancelScope(context.scope);
  }

  /** Runs the work under the budget. */
  async run<Out>(work: (context: ExecutionContext) => Promise<Out>): Promise<Out> {
    const scope = this.#scope;
    const spender = { reserve: (plan: CallPlan, call: ExecutionContext) => this.#reserve(plan, call) };
    try {
      const output = await untilCancelled(work(withSpender(this.#context.within(scope), spender)), scope);
      await this.#rest();
      afterOutput(output, () => scope.dispose());
      return output;
    } catch (error) {
      scope.dispose();
      await this.#rest().catch(() => {});
      // The client of a model puts its own error around that of a call that was not made.
      throw this.#refusal !== undefined && scope.reason === this.#refusal ? this.#refusal : error;
    }
  }

  /** A process that ends after the execution would lose what it has not told the store. */
  async #rest(): Promise<void> {
    if (this.#pending !== undefined) await untilCancelled(this.#pending, this.#context.scope);
  }

  #awaits(answer: PromiseLike<unknown>): void {
    // Without the `then` each would keep the answers before it.
    this.#pending = Promise.all([this.#pending, answer]).then(() => {});
    this.#pending.catch(() => {});
  }

  #reserve(plan: CallPlan, call: ExecutionContext): Later<Settle> {
    if (this.#refusal !== undefined) throw this.#refusal;
    const given = this.#settings.estimate(plan, call);
    return isPromise(given) ? given.then((needed) => this.#hold(known(needed), call)) : this.#hold(known(given), call);
  }

  #hold(needed: number | undefined, call: ExecutionContext): Later<Settle> {
    const { store, limitUsd, unpriced, storeFailure } = this.#settings;
    const account = this.#account(call.date());
    const { key, now, expiresAt } = account;
    const held: Held = { account, id: crypto.randomUUID(), dollars: needed ?? 0, call };
    if (needed === undefined && unpriced === 'refuse') {
      return this.#refuse(NOTHING, needed, account, "its price is unknown, and unpriced is 'refuse'");
    }
    if (needed === Number.POSITIVE_INFINITY) {
      return this.#refuse(NOTHING, needed, account, 'there is no end of what it may cost');
    }
    const settle: Settle = (charge) => this.#settle(held, spentOn(charge, held.dollars));
    // A model that costs nothing may be called also where nothing is left.
    if (needed === 0) return settle;
    const decided = (answer: Awaited<ReturnType<GuardedStore['reserve']>>): Settle => {
      if ('failure' in answer) {
        if (storeFailure === 'allow') return settle;
        // The store may have held the money, and failed to say so.
        this.#settle(held, 0);
        const why = "its store does not answer, and storeFailure is 'refuse'";
        return this.#refuse(NOTHING, needed, account, why, answer.failure);
      }
      this.#show(answer, held);
      return answer.granted ? settle : this.#refuse(answer, needed, account);
    };
    const answer = store.reserve({ account: key, id: held.id, dollars: held.dollars, limitUsd, now, expiresAt }, call);
    return isPromise(answer) ? answer.then(decided) : decided(answer);
  }

  /** Stops the execution. */
  #refuse(
    { spentUsd, heldUsd }: BudgetBalance,
    neededUsd: number | undefined,
    { windowEnd: until }: AccountNow,
    why?: string,
    cause?: unknown,
  ): never {
    if (this.#refusal !== undefined) throw this.#refusal;
    const { messageName, limitUsd, record } = this.#settings;
    const facts = { limitUsd, spentUsd, heldUsd, neededUsd, until };
    const refusal = new BudgetExceededError(messageName, facts, why, cause === undefined ? undefined : { cause });
    this.#refusal = refusal;
    record.refused();
    this.#scope.cancel(refusal, 'rejected');
    throw refusal;
  }

  /** May come after the execution has ended, as the end of a stream may. */
  #settle(held: Held, dollars: number): void {
    if (held.dollars === 0 && dollars === 0) return;
    const { account, id, dollars: heldUsd, call } = held;
    const { key, expiresAt } = account;
    const settlement = { account: key, id, heldUsd, dollars, now: call.date(), expiresAt };
    const settled = (balance: Awaited<ReturnType<GuardedStore['settle']>>) => {
      if ('failure' in balance) return;
      this.#show(balance, held);
      const told = this.#settings.soft?.tellIfReached(balance, dollars, this.#context, this.#observation);
      if (told !== undefined) this.#awaits(told);
    };
    const answer = this.#settings.store.settle(settlement, call);
    if (isPromise(answer)) this.#awaits(answer.then(settled));
    else settled(answer);
  }

  #show({ spentUsd, heldUsd }: BudgetBalance, { account, call }: Held): void {
    const { record, limitUsd } = this.#settings;
    record.left(account.key, dollarsLeft(limitUsd, spentUsd, heldUsd), account.shownUntil, call.clock);
  }
}

/** The money that is held for a call. */
interface Held {
  readonly account: AccountNow;
  readonly id: string;
  readonly dollars: number;
  /** The context of the call. */
  readonly call: ExecutionContext;
}

/** Foreign prices may be no numbers. */
function known(dollars: number | undefined): number | undefined {
  return typeof dollars === 'number' && dollars >= 0 ? dollars : undefined;
}
