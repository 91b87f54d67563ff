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

  /** Takes a slot if one is free, and says whether it did. */
  tryEnter(): boolean {
    if (this.#used >= this.#count) return false;
    this.#used += 1;
    return true;
  }

  /**
   * Resolves when the caller has a slot. A cancellation leaves the line at once. Each caller gets a promise of its own,
   * so that what follows runs in the caller's async context.
   */
  wait(context: ExecutionContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const place: Place<() => void> = this.#line.join(() => {
        ignore();
        resolve();
      });
      const ignore = context.onCancel((reason) => {
        this.#line.leave(place);
        reject(reason);
      });
    });
  }

  /** Gives a slot to the first in the line, or back if the line is empty. */
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
