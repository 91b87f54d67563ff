/** The last durations, in two lists: by age and by length, so that a percentile needs no sorting. */
export class RecentDurations {
  readonly #byAge: Float64Array;
  readonly #bySize: Float64Array;
  #count = 0;
  #next = 0;

  /** @param capacity how many are kept; a new one replaces the oldest */
  constructor(capacity: number) {
    this.#byAge = new Float64Array(capacity);
    this.#bySize = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  add(duration: number): void {
    const full = this.#count === this.#byAge.length;
    if (full) this.#removeFromOrder(this.#byAge[this.#next] as number);
    this.#byAge[this.#next] = duration;
    this.#next = (this.#next + 1) % this.#byAge.length;
    const at = this.#firstNotBelow(duration);
    this.#bySize.copyWithin(at + 1, at, this.#count);
    this.#bySize[at] = duration;
    this.#count += 1;
  }

  /** The duration that `percent` of all durations do not exceed, `undefined` while there are none. */
  percentile(percent: number): number | undefined {
    return this.#count === 0 ? undefined : this.#bySize[Math.max(0, Math.ceil((percent / 100) * this.#count) - 1)];
  }

  #removeFromOrder(duration: number): void {
    const at = this.#firstNotBelow(duration);
    this.#bySize.copyWithin(at, at + 1, this.#count);
    this.#count -= 1;
  }

  #firstNotBelow(duration: number): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bySize[middle] as number) < duration) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
