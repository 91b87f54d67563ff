/** What a saga must know of the work in one of its steps: whether it may have had an effect that no result tells of. */
import { ownVerdict } from '../telemetry/verdict.ts';
import type { ExecutionContext } from './context.ts';

export class Effects {
  #running = 0;
  #hasSucceeded = false;
  #interrupted = false;
  /** The errors of work that was not interrupted; they may say that it is not known whether it succeeded. */
  readonly failures: unknown[] = [];

  /** Whether work was interrupted, or still runs although nothing waits for it. */
  get unknown(): boolean {
    return this.#interrupted || this.#running > 0;
  }

  /** Work was interrupted, or its result was dropped. */
  interrupted(): void {
    this.#interrupted = true;
  }

  /**
   * Watches an execution that begins in `context`. `works`: it does work itself. An execution that only runs others can be
   * interrupted work while one of them runs or has succeeded: before, and after one that failed, there is no effect.
   *
   * Settles as the execution does. A promise with a second reaction would end the stack of an error: see `untilCancelled`.
   */
  watch<Out>(execution: Promise<Out>, { scope }: ExecutionContext, works: boolean): Promise<Out> {
    if (works) this.#running += 1;
    return execution.then(
      (output) => {
        if (works) {
          this.#running -= 1;
          this.#hasSucceeded = true;
        }
        return output;
      },
      (error: unknown) => {
        if (works) this.#running -= 1;
        const stopped = scope?.cancelled === true || ownVerdict(error) === 'timeout';
        if (stopped && (works || this.#hasSucceeded || this.#running > 0)) this.#interrupted = true;
        else if (works) this.failures.push(error);
        throw error;
      },
    );
  }
}

const EFFECTS = 'effects';

/** The context of work whose effects are noted. */
export function withEffects(context: ExecutionContext, effects: Effects): ExecutionContext {
  return context.insideOf(EFFECTS, effects);
}

/** The effects of the step of a saga that `context` is in, `undefined` outside of one. */
export function effectsAround(context: ExecutionContext): Effects | undefined {
  return context.innermost(EFFECTS);
}
