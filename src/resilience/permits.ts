import type { ExecutionContext } from '../core/context.ts';
import { type Bucket, type BucketRules, fullBucket, take, waitMs } from './token-bucket.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/**
 * Timers come late. What flows in meanwhile belongs to those who wait, also where the bucket is too small for it, or a
 * steady line would get less than its rate; but a process that stood still for long is not to catch up at once.
 */
const LATE_TIMER_MS = 50;

interface Waiter {
  readonly weight: number;
  readonly clock: ExecutionContext['clock'];
  readonly admit: () => void;
}

/** The permits of one bucket, and the line of those who wait for them. Only the first in line has a timer. */
export class Permits {
  readonly #rules: BucketRules;
  readonly #line = new WaitingLine<Waiter>();
  #bucket: Bucket;
  /** What those in line ask for together. */
  #wanted = 0;
  #disarm: (() => void) | undefined;

  constructor(rules: BucketRules) {
    this.#rules = rules;
    this.#bucket = fullBucket(rules);
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes the permits if they are there and nobody was first. */
  take(weight: number, now: number): boolean {
    return this.#line.size === 0 && this.#takeNow(weight, now, 0);
  }

  /** How long somebody who joins the line now will wait, in milliseconds; less if others leave it. */
  waitMs(weight: number, now: number): number {
    return waitMs(this.#rules, this.#bucket, this.#wanted + weight, now);
  }

  /** Resolves with the permits taken; a cancellation leaves the line at once. The promise is the caller's own. */
  wait(weight: number, context: ExecutionContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (place: Place<Waiter>) => {
        this.#line.leave(place);
        this.#wanted = this.#line.size === 0 ? 0 : this.#wanted - weight;
      };
      const place: Place<Waiter> = this.#line.join({
        weight,
        clock: context.clock,
        admit: () => {
          leave(place);
          ignore();
          resolve();
        },
      });
      this.#wanted += weight;
      const ignore = context.onCancel((reason) => {
        const wasFirst = this.#line.first === place;
        leave(place);
        reject(reason);
        if (wasFirst) this.#serve();
      });
      if (this.#line.first === place) this.#serve();
    });
  }

  /** Lets in whom the bucket can serve, and sets the timer for whom it cannot yet. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { weight, clock, admit } = place.waiter;
      const now = clock.now();
      if (!this.#takeNow(weight, now, LATE_TIMER_MS)) {
        // Timers know whole milliseconds only.
        const ms = Math.ceil(waitMs(this.#rules, this.#bucket, weight, now));
        this.#disarm = clock.after(ms, () => this.#serve());
        return;
      }
      admit();
    }
  }

  #takeNow(weight: number, now: number, slackMs: number): boolean {
    const left = take(this.#rules, this.#bucket, weight, now, slackMs);
    if (left === undefined) return false;
    this.#bucket = left;
    return true;
  }
}
