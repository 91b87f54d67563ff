import type { ExecutionContext } from '../core/context.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** Permits that are reserved in a shared bucket, and when they may be used. */
export interface Reserved {
  readonly weight: number;
  /** In milliseconds of this process's clock. */
  readonly at: number;
  /** In milliseconds of the bucket's clock. */
  readonly readyAt: number;
}

interface Waiter {
  readonly context: ExecutionContext;
  readonly admit: () => void;
  reserved: Reserved;
}

/**
 * The executions of this process that wait for reserved permits, first come, first served. When one leaves the line, the next
 * takes its place in time, and so on; what the last of them had reserved goes back. One that needs more permits than its
 * place has keeps its own: permits that were saved up for it would start together with those of other processes.
 */
export class ReservedLine {
  readonly #line = new WaitingLine<Waiter>();
  readonly #giveBack: (permits: Reserved) => void;
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
    return new Promise((resolve, reject) => {
      const place: Place<Waiter> = this.#line.join({
        context,
        reserved,
        admit: () => {
          this.#line.leave(place);
          unlisten();
          resolve();
        },
      });
      const unlisten = context.onCancel((reason) => {
        this.#giveBack(this.#moveUp(place));
        this.#line.leave(place);
        reject(reason);
        this.#serve();
      });
      this.#serve();
    });
  }

  /** Moves up those behind this place, and returns what the last that moved had reserved. */
  #moveUp(left: Place<Waiter>): Reserved {
    let free = left.waiter.reserved;
    for (let place = left.behind; place !== undefined; place = place.behind) {
      const { waiter } = place;
      const own = waiter.reserved;
      if (own.weight > free.weight) break;
      waiter.reserved = { ...free, weight: own.weight };
      free = own;
    }
    return free;
  }

  /** Admits those whose permits are there, and sets a timer for the next one. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { reserved, context, admit } = place.waiter;
      const leftMs = reserved.at - context.clock.now();
      if (leftMs > 0) {
        // Timers count whole milliseconds.
        this.#disarm = context.after(Math.ceil(leftMs), () => this.#serve());
        return;
      }
      admit();
    }
  }
}
