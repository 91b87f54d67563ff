import { checkOptions, type Rules } from '../core/check.ts';
import { number, optional } from '../core/rules.ts';
import { acrossCopies } from '../platform/process-wide.ts';

export interface RetryBudgetOptions {
  /** How many retries there may be for each first try: 0.2 is one for every five. @default 0.2 */
  readonly ratio?: number | undefined;
  /** How many retries there may be in each second, also when there are few first tries. @default 1 */
  readonly minPerSecond?: number | undefined;
  /** How long a try or a retry counts, in milliseconds. @default 10000 */
  readonly windowMs?: number | undefined;
}

const RULES: Rules<RetryBudgetOptions> = {
  ratio: optional(number({ min: 0 })),
  minPerSecond: optional(number({ min: 0 })),
  windowMs: optional(number({ min: 10 })),
};

/** The window slides in tenths of its length. */
const SLOTS = 10;

interface Slot {
  /** The number of the slot, counted from the Unix epoch. */
  index: number;
  tries: number;
  retries: number;
}

/** Counts tries and retries over a sliding window. Every method gets the time, in milliseconds since the epoch. */
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

  /** Counts a first try. */
  countTry(now: number): void {
    this.#slotAt(now).tries += 1;
  }

  /** Takes one retry. Returns a function that gives an unused retry back, `undefined` when no retry is left. */
  takeRetry(now: number): (() => void) | undefined {
    const slot = this.#slotAt(now);
    const oldest = slot.index - SLOTS;
    let allowed = this.#floor;
    for (const { index, tries, retries } of this.#slots) {
      if (index > oldest && index <= slot.index) allowed += tries * this.#ratio - retries;
    }
    // Sums of fractions such as 0.1 may be slightly below the whole number.
    if (allowed < 1 - 1e-9) return undefined;
    slot.retries += 1;
    const { index } = slot;
    return () => {
      if (slot.index === index) slot.retries -= 1;
    };
  }

  #slotAt(now: number): Slot {
    const index = Math.floor(now / this.#slotMs);
    // The time of a clock may be negative, or `NaN`.
    const slot = this.#slots[Math.abs(index % SLOTS) || 0] as Slot;
    if (slot.index !== index) Object.assign(slot, { index, tries: 0, retries: 0 });
    return slot;
  }
}

acrossCopies({ RetryBudget });

/**
 * A budget that several `retry` share. It limits their retries to a share of their first tries. Without a budget, a
 * service that is down is called four times as often as one that is up. Make one budget per service.
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
