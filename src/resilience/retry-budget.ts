import { checkOptions, type Rules } from '../core/check.ts';
import { number, optional } from '../core/rules.ts';

export interface RetryBudgetOptions {
  /** How many retries there may be for each first try: 0.2 is one for every five. @default 0.2 */
  readonly ratio?: number | undefined;
  /** How many retries a second there may be at any traffic, so that a little traffic can retry too. @default 1 */
  readonly minPerSecond?: number | undefined;
  /** How long a try counts, in milliseconds. @default 10000 */
  readonly windowMs?: number | undefined;
}

const RULES: Rules<RetryBudgetOptions> = {
  ratio: optional(number({ min: 0 })),
  minPerSecond: optional(number({ min: 0 })),
  windowMs: optional(number({ min: 10 })),
};

/** How finely the window slides: by a tenth of itself. */
const SLOTS = 10;

interface Slot {
  /** Which slot since the epoch it stands for. */
  index: number;
  tries: number;
  retries: number;
}

/** Counts tries and retries over a sliding window; the time comes in with every question. */
export class RetryBudget {
  readonly #ratio: number;
  readonly #floor: number;
  readonly #slotMs: number;
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, () => ({ index: -1, tries: 0, retries: 0 }));

  constructor(ratio: number, minPerSecond: number, windowMs: number) {
    this.#ratio = ratio;
    this.#floor = (minPerSecond * windowMs) / 1_000;
    this.#slotMs = windowMs / SLOTS;
  }

  /** Tells of a first try at `now`, milliseconds since the epoch. */
  tried(now: number): void {
    this.#slotAt(now).tries += 1;
  }

  /** Takes one retry. Returns how to give it back if it is not made after all; `undefined` when none is left. */
  take(now: number): (() => void) | undefined {
    const slot = this.#slotAt(now);
    const oldest = slot.index - SLOTS;
    let allowed = this.#floor;
    for (const { index, tries, retries } of this.#slots) {
      if (index > oldest && index <= slot.index) allowed += tries * this.#ratio - retries;
    }
    // Sums of fractions such as 0.1 end a hair below the whole number that they mean.
    if (allowed < 1 - 1e-9) return undefined;
    slot.retries += 1;
    const { index } = slot;
    return () => {
      if (slot.index === index) slot.retries -= 1;
    };
  }

  #slotAt(now: number): Slot {
    const index = Math.floor(now / this.#slotMs);
    // A clock may begin before the epoch, or say nothing.
    const slot = this.#slots[Math.abs(index % SLOTS) || 0] as Slot;
    if (slot.index !== index) Object.assign(slot, { index, tries: 0, retries: 0 });
    return slot;
  }
}

/**
 * A budget that retries share: together they add no more than a share of the traffic, so that a service that is down
 * for everybody is not asked four times as often as one that is up. One budget per service that is called.
 *
 * @example
 * const budget = retryBudget({ ratio: 0.1 });
 * const ask = retry(task('ask', askModel), { budget });
 * const list = retry(task('list', listModels), { budget });
 * @throws TypeError, RangeError when an option is wrong
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  checkOptions('RetryBudgetOptions', options, RULES);
  const { ratio = 0.2, minPerSecond = 1, windowMs = 10_000 } = options;
  return new RetryBudget(ratio, minPerSecond, windowMs);
}
