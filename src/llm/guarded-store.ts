import type { ExecutionContext } from '../core/context.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { measure } from '../core/show.ts';
import { isPromise } from '../core/until-cancelled.ts';
import { messageOf } from '../platform/message-of.ts';
import { readProperty } from '../platform/read-property.ts';
import { redact } from '../platform/redact.ts';
import type { BudgetRecorder } from '../telemetry/record/budget.ts';
import type { BudgetBalance, BudgetReservation, BudgetSettlement, BudgetStore } from './budget-store.ts';

export type Answer<T> = T | { readonly failure: unknown };
type Later<T> = T | PromiseLike<T>;

/** How many settlements wait for a store that does not answer. Of more the oldest are lost. */
const MAX_UNSETTLED = 10_000;

/**
 * A store that may fail: every operation has a time limit, and a failure is an answer. What could not be settled is sent
 * again once the store answers.
 */
export class GuardedStore {
  readonly #store: BudgetStore;
  readonly #record: BudgetRecorder;
  readonly #messageName: string;
  readonly #unsettled = new Map<string, BudgetSettlement>();
  #hasWarned = false;

  constructor(store: BudgetStore, record: BudgetRecorder, messageName: string) {
    this.#store = store;
    this.#record = record;
    this.#messageName = messageName;
  }

  reserve(
    reservation: BudgetReservation,
    context: ExecutionContext,
  ): Later<Answer<BudgetBalance & { readonly granted: boolean }>> {
    return this.#ask(
      () => this.#store.reserve(reservation),
      context,
      (answer) => {
        if (typeof readProperty(answer, 'granted') !== 'boolean')
          throw new TypeError('reserve must say whether it is granted');
      },
    );
  }

  settle(settlement: BudgetSettlement, context: ExecutionContext): Later<Answer<BudgetBalance>> {
    const answer = this.#ask(() => this.#store.settle(settlement), context);
    const end = (given: Answer<BudgetBalance>) => {
      if ('failure' in given) this.#keep(settlement);
      return given;
    };
    return isPromise(answer) ? answer.then(end) : end(answer);
  }

  #ask<T extends BudgetBalance>(
    call: () => T | PromiseLike<T>,
    context: ExecutionContext,
    check: (answer: T) => void = () => {},
  ): Later<Answer<T>> {
    const checked = (answer: T): T => {
      for (const sum of ['spentUsd', 'heldUsd'] as const) {
        if (!Number.isFinite(readProperty(answer, sum)))
          throw new TypeError(`the answer has no ${sum}, it is ${measure(answer)}`);
      }
      check(answer);
      return answer;
    };
    try {
      const answer = call();
      if (!isPromise(answer)) return checked(answer);
      return this.#limited(answer, context)
        .then((given) => {
          const right = checked(given);
          this.#sendAgain(context);
          return right;
        })
        .catch((error: unknown) => this.#failed(error));
    } catch (error) {
      return this.#failed(error);
    }
  }

  #limited<T>(answer: PromiseLike<T>, context: ExecutionContext): Promise<T> {
    const { timeoutMs = 1_000 } = this.#store;
    let disarm = () => {};
    const late = new Promise<never>((_, reject) => {
      disarm = context.after(timeoutMs, () => reject(new PrimitiveTimeoutError('the store', timeoutMs)));
    });
    return Promise.race([answer, late]).finally(disarm);
  }

  #failed(failure: unknown): { readonly failure: unknown } {
    this.#record.storeFailed();
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      process.emitWarning(
        `${this.#messageName}: the store of the budget fails (${redact(messageOf(failure))}); a metric counts how often`,
        'TtaPrimitivesWarning',
      );
    }
    return { failure };
  }

  #keep(settlement: BudgetSettlement): void {
    this.#unsettled.set(settlement.id, settlement);
    if (this.#unsettled.size <= MAX_UNSETTLED) return;
    for (const [oldest] of this.#unsettled) {
      this.#unsettled.delete(oldest);
      return;
    }
  }

  #sendAgain(context: ExecutionContext): void {
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    for (const settlement of unsettled) void this.settle(settlement, context);
  }
}
