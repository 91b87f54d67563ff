import type { ExecutionContext } from '../core/context.ts';
import type { Grant, Meter } from './meter.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/**
 * How many milliseconds late a timer may fire without a loss of permits. Permits that flow into a bucket meanwhile go to
 * the waiters, also above the size of the bucket: otherwise a steady line would get less than its rate. A process that
 * was suspended for longer must not catch up at once.
 */
export const LATE_TIMER_MS = 50;

interface Waiter {
  readonly weight: number;
  readonly context: ExecutionContext;
  /** `undefined`: it gets no permits here. */
  readonly admit: (grant: Grant | undefined) => void;
}

/** The permits of one rate limit, and the line of executions that wait for them. Only the first in line has a timer. */
export class Permits {
  readonly #meter: Meter;
  readonly #line = new WaitingLine<Waiter>();
  #disarm: (() => void) | undefined;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes the permits if there are enough and the line is empty. */
  tryTake(weight: number, now: number): Grant | undefined {
    return this.#line.size === 0 ? this.#meter.take(weight, now, 0) : undefined;
  }

  /** How long a waiter that joins the line now will wait, in milliseconds; less if others leave the line. */
  waitMs(weight: number, now: number): number {
    return this.#meter.waitMs(this.#weights(weight), now);
  }

  /** Sends all away, the first first. */
  dismiss(): void {
    for (const { admit } of [...this.#line]) admit(undefined);
    this.#serve();
  }

  /**
   * Resolves when the caller has its permits, and to `undefined` where it was sent away. A cancelled caller leaves the line at once. Each caller gets a promise of
   * its own, so that it goes on in its own async context.
   */
  wait(weight: number, context: ExecutionContext): Promise<Grant | undefined> {
    return new Promise((resolve, reject) => {
      const place: Place<Waiter> = this.#line.join({
        weight,
        context,
        admit: (grant) => {
          this.#line.leave(place);
          unlisten();
          resolve(grant);
        },
      });
      const unlisten = context.onCancel((reason) => {
        const wasFirst = this.#line.first === place;
        this.#line.leave(place);
        reject(reason);
        if (wasFirst) this.#serve();
      });
      if (this.#line.first === place) this.#serve();
    });
  }

  *#weights(last: number): Iterable<number> {
    for (const { weight } of this.#line) yield weight;
    yield last;
  }

  /** Admits the waiters for whom there are enough permits, and sets a timer for the next one. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { weight, context, admit } = place.waiter;
      const now = context.clock.now();
      const grant = this.#meter.take(weight, now, LATE_TIMER_MS);
      if (grant === undefined) {
        // Timers count whole milliseconds.
        this.#disarm = context.after(Math.ceil(this.#meter.waitMs([weight], now)), () => this.#serve());
        return;
      }
      admit(grant);
    }
  }
}
