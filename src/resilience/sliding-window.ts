/** Counts the permits of a window that slides: never more than `permits` in any `perMs`. */
import { type Grant, type Meter, ROUNDING } from './meter.ts';

/** Permits that were used at about the same time. They count until `perMs` after the last of them. */
interface Entry extends Grant {
  weight: number;
  /** When the first of them was taken. */
  readonly from: number;
}

/** Permits that were taken within this share of the window are one entry: 10,000 entries are enough for any rate. */
const RESOLUTION = 1 / 10_000;
/** After so many entries that are over, their memory is freed. */
const LEFTOVERS = 1_000;

export class SlidingWindow implements Meter {
  readonly most: number;
  readonly #perMs: number;
  readonly #full: number;
  /** In the order of time. Those before `#first` are over. */
  readonly #entries: Entry[] = [];
  #first = 0;
  /** The sum of the weights from `#first` on. */
  #used = 0;

  constructor(permits: number, perMs: number) {
    this.most = permits;
    this.#perMs = perMs;
    this.#full = permits * (1 + ROUNDING);
  }

  take(weight: number, now: number): Grant | undefined {
    this.#slideTo(now);
    if (this.#used + weight > this.#full) return undefined;
    if (weight === 0) return { at: now };
    this.#used += weight;
    const last = this.#entries.at(-1);
    if (last !== undefined && now - last.from < this.#perMs * RESOLUTION) {
      last.weight += weight;
      last.at = now;
      return last;
    }
    const entry = { at: now, weight, from: now };
    this.#entries.push(entry);
    return entry;
  }

  waitMs(weights: Iterable<number>, now: number): number {
    this.#slideTo(now);
    const planned: { readonly at: number; readonly weight: number }[] = [];
    const log = this.#entries.length - this.#first;
    let used = this.#used;
    let at = now;
    let gone = 0;
    for (const weight of weights) {
      while (used + weight > this.#full) {
        const next = gone < log ? this.#entries[this.#first + gone] : planned[gone - log];
        if (next === undefined) return Number.POSITIVE_INFINITY;
        gone += 1;
        used -= next.weight;
        at = Math.max(at, next.at + this.#perMs);
      }
      planned.push({ at, weight });
      used += weight;
    }
    return at - now;
  }

  #slideTo(now: number): void {
    const last = this.#entries.at(-1);
    // A clock that was set back: without this the permits would count until it is back where it was.
    if (last !== undefined && now < last.at) this.#setBack(last.at - now);
    for (let entry = this.#entries[this.#first]; entry !== undefined; entry = this.#entries[this.#first]) {
      // Not `<=`, which would keep for ever an entry whose time is `NaN`.
      if (entry.at + this.#perMs > now) return;
      this.#used -= entry.weight;
      this.#first += 1;
      if (this.#first < this.#entries.length && this.#first < LEFTOVERS) continue;
      this.#entries.splice(0, this.#first);
      this.#first = 0;
      if (this.#entries.length === 0) this.#used = 0;
    }
  }

  #setBack(ms: number): void {
    for (let i = this.#first; i < this.#entries.length; i += 1) {
      const { at, from, weight } = this.#entries[i] as Entry;
      this.#entries[i] = { at: at - ms, from: from - ms, weight };
    }
  }
}
