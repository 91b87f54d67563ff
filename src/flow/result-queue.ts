/** The place of one result. */
export interface ResultSlot {
  /** A promise after the work on the item. It never settles: see `MappedStream.#showReader`. */
  work: Promise<never> | undefined;
  result: { readonly value: unknown } | undefined;
}

/** Results that wait to be read: in the order of their items, or, if unordered, in the order in which they came. */
export class ResultQueue {
  readonly #unordered: boolean;
  readonly #slots: ResultSlot[] = [];

  constructor(unordered: boolean) {
    this.#unordered = unordered;
  }

  /** A place for the result of an item that starts now. */
  reserve(): ResultSlot {
    const slot: ResultSlot = { work: undefined, result: undefined };
    if (!this.#unordered) this.#slots.push(slot);
    return slot;
  }

  fill(slot: ResultSlot, value: unknown): void {
    slot.result = { value };
    if (this.#unordered) this.#slots.push(slot);
  }

  /** The place of the result that is to be read next; of unordered results it is known when the result is there. */
  get first(): ResultSlot | undefined {
    return this.#slots[0];
  }

  /** Removes and returns the result that is to be read next, if it is there. */
  shift(): { readonly value: unknown } | undefined {
    const result = this.#slots[0]?.result;
    if (result !== undefined) this.#slots.shift();
    return result;
  }

  /** How many results can be read without waiting for another one. */
  get ready(): number {
    const missing = this.#slots.findIndex(({ result }) => result === undefined);
    return missing < 0 ? this.#slots.length : missing;
  }

  /** Drops all results but the `count` oldest. */
  keep(count: number): void {
    this.#slots.length = Math.min(count, this.#slots.length);
  }
}
