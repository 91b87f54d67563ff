/** A place in a line: the one who waits, and the neighbours. */
export interface Place<T> {
  readonly waiter: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
  taken: boolean;
}

/** First come, first served; whoever gives up leaves at once, from anywhere in the line, at the same small price. */
export class WaitingLine<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Place<T> | undefined {
    return this.#first;
  }

  join(waiter: T): Place<T> {
    const place: Place<T> = { waiter, before: this.#last, behind: undefined, taken: true };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** Harmless for a place that has been left. */
  leave(place: Place<T>): void {
    if (!place.taken) return;
    place.taken = false;
    if (place.before === undefined) this.#first = place.behind;
    else place.before.behind = place.behind;
    if (place.behind === undefined) this.#last = place.before;
    else place.behind.before = place.before;
    this.#size -= 1;
  }
}
