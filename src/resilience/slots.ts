import type { ExecutionContext } from '../core/context.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** A fixed number of slots, and the line of executions that wait for one. */
export class Slots {
  readonly #count: number;
  readonly #line = new WaitingLine<() => void>();
  #used = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a slot if one is free. Returns whether it took one. */
  tryEnter(): boolean {
    if (this.#used >= this.#count) return false;
    this.#used += 1;
    return true;
  }

  /**
   * Resolves when the caller has a slot. A cancelled caller leaves the line at once. Each caller gets a promise of its
   * own, so that it goes on in its own async context.
   */
  wait(context: ExecutionContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const place: Place<() => void> = this.#line.join(() => {
        unlisten();
        resolve();
      });
      const unlisten = context.onCancel((reason) => {
        this.#line.leave(place);
        reject(reason);
      });
    });
  }

  /** Gives the caller's slot to the first in the line; if the line is empty, the slot is free. */
  free(): void {
    const next = this.#line.first;
    if (next === undefined) {
      this.#used -= 1;
      return;
    }
    this.#line.leave(next);
    next.waiter();
  }
}
