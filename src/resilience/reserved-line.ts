import type { ExecutionContext } from '../core/context.ts';
import { ROUNDING } from './meter.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** Permits that are reserved in a shared bucket, and when they may be used. */
export interface Reserved {
  weight: number;
  /** In milliseconds of this process's clock. */
  readonly at: number;
  /** In milliseconds of the bucket's clock. */
  readonly readyAt: number;
}

interface Waiter {
  readonly weight: number;
  readonly context: ExecutionContext;
  readonly admit: () => void;
}

/**
 * The executions of this process that wait for reserved permits, first come, first served. Permits belong to the line and
 * not to one execution: when one leaves the line, those behind it start earlier, and the last of the permits go back.
 */
export class ReservedLine {
  readonly #line = new WaitingLine<Waiter>();
  /** What is reserved and cannot be used yet, in the order of time. */
  readonly #coming: Reserved[] = [];
  readonly #giveBack: (permits: Reserved) => void;
  #usable = 0;
  #disarm: (() => void) | undefined;

  /** @param giveBack puts permits back into the bucket */
  constructor(giveBack: (permits: Reserved) => void) {
    this.#giveBack = giveBack;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Resolves when the caller may start. A cancelled caller leaves the line at once. */
  wait(reserved: Reserved, context: ExecutionContext): Promise<void> {
    const { weight } = reserved;
    let place = this.#coming.length;
    // Answers come in the order of the permits, but for those of two connections.
    while (place > 0 && (this.#coming[place - 1] as Reserved).at > reserved.at) place -= 1;
    this.#coming.splice(place, 0, reserved);
    return new Promise((resolve, reject) => {
      const own: Place<Waiter> = this.#line.join({
        weight,
        context,
        admit: () => {
          this.#line.leave(own);
          unlisten();
          resolve();
        },
      });
      const unlisten = context.onCancel((reason) => {
        this.#line.leave(own);
        reject(reason);
        this.#return(weight);
        this.#serve();
      });
      this.#serve();
    });
  }

  /** Puts back permits that nothing in the line needs: the last that come. */
  #return(weight: number): void {
    let left = weight;
    for (let last = this.#coming.at(-1); last !== undefined && left > 0; last = this.#coming.at(-1)) {
      const back = Math.min(left, last.weight);
      left -= back;
      last.weight -= back;
      if (last.weight === 0) this.#coming.pop();
      this.#giveBack({ ...last, weight: back });
    }
    // What can be used already is lost: others may count on it.
    this.#usable = Math.max(0, this.#usable - left);
  }

  /** Admits those for whom there are enough permits, and sets a timer for the next ones. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { weight, context, admit } = place.waiter;
      const now = context.clock.now();
      for (let next = this.#coming[0]; next !== undefined && next.at <= now; next = this.#coming[0]) {
        this.#usable += next.weight;
        this.#coming.shift();
      }
      const [next] = this.#coming;
      // Without further permits to come, only rounding is missing.
      if (next !== undefined && weight > this.#usable * (1 + ROUNDING)) {
        // Timers count whole milliseconds.
        this.#disarm = context.after(Math.ceil(next.at - now), () => this.#serve());
        return;
      }
      this.#usable = Math.max(0, this.#usable - weight);
      admit();
    }
    this.#usable = 0;
  }
}
