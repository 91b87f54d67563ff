import type { ExecutionContext } from '../core/context.ts';
import { type Place, WaitingLine } from './waiting-line.ts';

/** A fixed number of slots, and the line of those who wait for one. */
export class Slots {
  readonly #count: number;
  readonly #line = new WaitingLine<() => void>();
  #taken = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Takes a slot if one is free. */
  take(): boolean {
    if (this.#taken >= this.#count) return false;
    this.#taken += 1;
    return true;
  }

  /**
   * Resolves when a slot has been handed over, which is then the caller's; a cancellation leaves the line at once.
   * The promise is the caller's own, so that what follows it runs in the caller's async context.
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

  /** Gives a slot to whoever waits for longest, else back. */
  free(): void {
    const next = this.#line.first;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#line.leave(next);
    next.waiter();
  }
}
