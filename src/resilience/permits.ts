import type { ExecutionContext } from '../core/context.ts';
import { type Bucket, type BucketRules, fullBucket, takePermits, waitMs } from './token-bucket.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/**
 * How many milliseconds late a timer may fire without a loss of permits. Permits that flow in meanwhile go to the
 * waiters, also above the size of the bucket: otherwise a steady line would get less than its rate. A process that was
 * suspended for longer must not catch up at once.
 */
const LATE_TIMER_MS = 50;

interface Waiter {
  readonly weight: number;
  readonly clock: ExecutionContext['clock'];
  readonly admit: () => void;
}

/** The permits of one bucket, and the line of executions that wait for them. Only the first in line has a timer. */
export class Permits {
  readonly #rules: BucketRules;
  readonly #line = new WaitingLine<Waiter>();
  #bucket: Bucket;
  /** The sum of the weights in the line. */
  #waitingWeight = 0;
  #disarm: (() => void) | undefined;

  constructor(rules: BucketRules) {
    this.#rules = rules;
    this.#bucket = fullBucket(rules);
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes the permits if there are enough and the line is empty. Returns whether it took them. */
  tryTake(weight: number, now: number): boolean {
    return this.#line.size === 0 && this.#takeNow(weight, now, 0);
  }

  /** How long a waiter that joins the line now will wait, in milliseconds; less if others leave the line. */
  waitMs(weight: number, now: number): number {
    return waitMs(this.#rules, this.#bucket, this.#waitingWeight + weight, now);
  }

  /**
   * Resolves when the caller has its permits. A cancelled caller leaves the line at once. Each caller gets a promise of
   * its own, so that it goes on in its own async context.
   */
  wait(weight: number, context: ExecutionContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (place: Place<Waiter>) => {
        this.#line.leave(place);
        this.#waitingWeight = this.#line.size === 0 ? 0 : this.#waitingWeight - weight;
      };
      const place: Place<Waiter> = this.#line.join({
        weight,
        clock: context.clock,
        admit: () => {
          leave(place);
          unlisten();
          resolve();
        },
      });
      this.#waitingWeight += weight;
      const unlisten = context.onCancel((reason) => {
        const wasFirst = this.#line.first === place;
        leave(place);
        reject(reason);
        if (wasFirst) this.#serve();
      });
      if (this.#line.first === place) this.#serve();
    });
  }

  /** Admits the waiters that the bucket has enough permits for, and sets a timer for the next one. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { weight, clock, admit } = place.waiter;
      const now = clock.now();
      if (!this.#takeNow(weight, now, LATE_TIMER_MS)) {
        // Timers count whole milliseconds.
        const ms = Math.ceil(waitMs(this.#rules, this.#bucket, weight, now));
        this.#disarm = clock.after(ms, () => this.#serve());
        return;
      }
      admit();
    }
  }

  #takeNow(weight: number, now: number, slackMs: number): boolean {
    const left = takePermits(this.#rules, this.#bucket, weight, now, slackMs);
    if (left === undefined) return false;
    this.#bucket = left;
    return true;
  }
}
