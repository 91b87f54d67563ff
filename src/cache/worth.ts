import type { Spender } from '../core/spending.ts';
import { addTo, type Sum } from '../ledger/money.ts';

/** What it cost to make a value: the dollars of its model calls whose price is known. */
export class Worth implements Spender {
  #sum: Sum = { value: 0 };
  readonly #pending = new Set<PromiseLike<unknown>>();

  charged({ dollars = 0 }: Parameters<NonNullable<Spender['charged']>>[0]): void {
    addTo(this.#sum, dollars);
  }

  get dollars(): number {
    return this.#sum.value;
  }

  set dollars(dollars: number) {
    this.#sum = { value: dollars };
  }

  awaits(charge: PromiseLike<unknown>): void {
    this.#pending.add(charge);
    charge.then(() => this.#pending.delete(charge));
  }

  /** Resolves when the prices of all calls so far are known. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}

/** The most dollars that an entry of a store is believed to have cost. */
const MOST = 1_000;

/** The worth that a store gave. A store is shared with others: what is no number of dollars is worth nothing. */
export function worthFrom(dollars: unknown): Worth {
  const worth = new Worth();
  if (typeof dollars === 'number' && dollars > 0 && dollars <= MOST) worth.dollars = dollars;
  return worth;
}
