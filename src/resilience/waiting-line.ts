/** A place in a line: the waiter and its neighbours. */
export interface Place<T> {
  readonly waiter: T;
  before: Place<T> | undefined;
  behind: Place<T> | undefined;
  isInLine: boolean;
}

/** First come, first served. A waiter may leave from any place in the line, in constant time. */
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

  get last(): Place<T> | undefined {
    return this.#last;
  }

  /** The places, the first in the line first. */
  *places(): IterableIterator<Place<T>> {
    for (let place = this.#first; place !== undefined; place = place.behind) yield place;
  }

  /** The waiters, the first in the line first. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const { waiter } of this.places()) yield waiter;
  }

  join(waiter: T): Place<T> {
    const place: Place<T> = { waiter, before: this.#last, behind: undefined, isInLine: true };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** Does nothing for a place that has left already. */
  leave(place: Place<T>): void {
    if (!place.isInLine) return;
    place.isInLine = false;
    if (place.before === undefined) this.#first = place.behind;
    else place.before.behind = place.behind;
    if (place.behind === undefined) this.#last = place.before;
    else place.behind.before = place.before;
    this.#size -= 1;
  }
}
