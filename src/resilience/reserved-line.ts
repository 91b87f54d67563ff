import type { ExecutionContext } from '../core/context.ts';
import { LATE_TIMER_MS } from './permits.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** Permits that are reserved in a shared bucket, and when they may be used. */
export interface Reserved {
  readonly weight: number;
  /** In milliseconds of this process's clock. */
  readonly at: number;
  /** In milliseconds of the bucket's clock. */
  readonly readyAt: number;
  readonly epoch: number;
}

interface Waiter {
  readonly context: ExecutionContext;
  /** Leaves the line. `mayStart`: with its permits; otherwise it must ask for others. */
  readonly leave: (mayStart: boolean) => void;
  reserved: Reserved;
}

/**
 * The executions of this process that wait for reserved permits, first come, first served. When one leaves the line, the next
 * takes its place in time, and so on; what the last of them had reserved goes back. One that needs more permits than its
 * place has keeps its own: permits that were saved up for it would start together with those of other processes.
 *
 * A process that has stood still must not catch up: the store has let others start meanwhile. Permits that it has not used in
 * time go back, those that waited move on to the next ones of this line, and who finds none there asks the store again.
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

  /**
   * Resolves to true when the caller may start, and to false when it must ask for other permits. A cancelled caller leaves
   * the line at once.
   */
  wait(reserved: Reserved, context: ExecutionContext): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const lastAt = this.#line.last?.waiter.reserved.at ?? Number.NEGATIVE_INFINITY;
      const place: Place<Waiter> = this.#line.join({
        context,
        // Who had its answer sooner still starts after those before it, and is not late for that.
        reserved: { ...reserved, at: Math.max(reserved.at, lastAt) },
        leave: (mayStart) => {
          this.#line.leave(place);
          unlisten();
          resolve(mayStart);
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

  /** Lets those ask again, the first first, whose permits are of a bucket that the store has no more. */
  keepOnly(epoch: number): void {
    const last = this.#line.last;
    if (last === undefined || last.waiter.reserved.epoch === epoch) return;
    for (const { waiter } of [...this.#line.places()]) if (waiter.reserved.epoch !== epoch) waiter.leave(false);
    this.#serve();
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

  /** Moves those back whose permits were there too long ago. */
  #moveBack(now: number): void {
    const places = [...this.#line.places()];
    const all = places.map(({ waiter }) => waiter.reserved);
    const late = all.filter(({ at }) => now - at > LATE_TIMER_MS).length;
    let next = late;
    for (const { waiter } of places) {
      const reserved = all[next];
      if (reserved === undefined || reserved.weight < waiter.reserved.weight) break;
      waiter.reserved = { ...reserved, weight: waiter.reserved.weight };
      next += 1;
    }
    // The last first: the store does not take back what others count on who came later.
    for (const unused of [...all.slice(0, late), ...all.slice(next)].reverse()) this.#giveBack(unused);
    for (const { waiter } of places.slice(next - late)) waiter.leave(false);
  }

  /** Admits those whose permits are there, and sets a timer for the next one. */
  #serve(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    const first = this.#line.first?.waiter;
    if (first !== undefined) {
      const now = first.context.clock.now();
      if (now - first.reserved.at > LATE_TIMER_MS) this.#moveBack(now);
    }
    for (let place = this.#line.first; place !== undefined; place = this.#line.first) {
      const { reserved, context, leave } = place.waiter;
      const leftMs = reserved.at - context.clock.now();
      if (leftMs > 0) {
        // Timers count whole milliseconds.
        this.#disarm = context.after(Math.ceil(leftMs), () => this.#serve());
        return;
      }
      leave(true);
    }
  }
}
