import type { ExecutionContext } from '../core/context.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/**
 * A slot that an execution holds. While the execution waits for another one inside it, that one may borrow the slot: if
 * it had to wait for a slot of its own, the two would wait for each other.
 */
export class Slot {
  /** The slot that this one is borrowed from. */
  readonly lender: Slot | undefined;
  isLent = false;
  /** Whether its execution has ended. */
  hasEnded = false;
  /** Whether the time of its execution is over: the slot is free as soon as the failure has gone through all its work. */
  isEnding = false;

  constructor(lender?: Slot | undefined) {
    this.lender = lender;
  }
}

const isRunning = ({ hasEnded }: Slot) => !hasEnded;

interface Waiter {
  readonly around: Slot | undefined;
  readonly admit: (slot: Slot) => void;
}

/** A fixed number of slots, and the line of executions that wait for one. */
export class Slots {
  readonly #count: number;
  readonly #line = new WaitingLine<Waiter>();
  #used = 0;
  #ending = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** Whether one more execution may wait. Slots that are free in a moment have a place in the line of their own. */
  mayWait(maxQueue: number): boolean {
    return this.#line.size < maxQueue + this.#ending;
  }

  /** A free slot, else the slot of the execution around this one; `undefined` when neither is free. */
  tryEnter(context: ExecutionContext): Slot | undefined {
    if (this.#used < this.#count) {
      this.#used += 1;
      return new Slot();
    }
    const around = this.#around(context);
    return around === undefined || around.isLent ? undefined : this.#borrow(around);
  }

  /**
   * Resolves when the caller has a slot. A cancelled caller leaves the line at once. Each caller gets a promise of its
   * own, so that it goes on in its own async context.
   */
  wait(context: ExecutionContext): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const place: Place<Waiter> = this.#line.join({
        around: this.#around(context),
        admit: (slot) => {
          this.#line.leave(place);
          unlisten();
          resolve(slot);
        },
      });
      const unlisten = context.onCancel((reason) => {
        this.#line.leave(place);
        reject(reason);
      });
    });
  }

  /** Call it when callers stop waiting for the execution. */
  giveUp(slot: Slot): void {
    if (slot.lender !== undefined) return;
    slot.isEnding = true;
    this.#ending += 1;
  }

  /** Call it when the execution has ended. Returns whether the slot is free or has a new owner, if it was no borrowed one. */
  leave(slot: Slot): boolean {
    slot.hasEnded = true;
    // The execution inside has not ended: the slot is its own from now on.
    if (slot.isLent) return false;
    const { lender } = slot;
    if (lender !== undefined) return this.#giveBack(lender);
    if (slot.isEnding) this.#ending -= 1;
    const next = this.#line.first;
    if (next === undefined) this.#used -= 1;
    else next.waiter.admit(new Slot());
    return true;
  }

  #giveBack(lender: Slot): boolean {
    lender.isLent = false;
    if (lender.hasEnded) return this.leave(lender);
    for (const { around, admit } of this.#line) {
      if (around !== lender) continue;
      admit(this.#borrow(lender));
      break;
    }
    return false;
  }

  #borrow(lender: Slot): Slot {
    lender.isLent = true;
    return new Slot(lender);
  }

  #around(context: ExecutionContext): Slot | undefined {
    return context.innermost(this, isRunning);
  }
}
