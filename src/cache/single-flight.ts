import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';

interface SharedRun<V> {
  readonly result: Promise<V>;
  readonly scope: CancelScope;
  /** How many executions wait for the result. */
  waiting: number;
}

/** `shared` is the context of the run: one execution alone cannot cancel it. */
type Work<V> = (shared: ExecutionContext) => Promise<V>;

/**
 * One run per key at a time. Executions that ask while it runs share it. Each execution may be aborted by its own
 * context; the run is aborted when all its executions have been aborted.
 */
export class SingleFlight<V> {
  readonly #runs = new Map<string, SharedRun<V>>();

  has(key: string): boolean {
    return this.#runs.has(key);
  }

  /** The result of the run for this key, `undefined` when there is none. */
  join(key: string, context: ExecutionContext): PromiseLike<V> | undefined {
    const run = this.#runs.get(key);
    return run === undefined ? undefined : this.#wait(key, run, context);
  }

  /** Starts the run for this key and waits for it. */
  start(key: string, context: ExecutionContext, work: Work<V>): PromiseLike<V> {
    return this.#wait(key, this.#begin(key, context, work, 0), context);
  }

  /** Starts a run that goes on even if no execution waits for it. */
  startInBackground(key: string, context: ExecutionContext, work: Work<V>): void {
    // Without an execution that waits, a failure must be no unhandled rejection.
    this.#begin(key, context, work, 1).result.catch(() => {});
  }

  #begin(key: string, context: ExecutionContext, work: Work<V>, waiting: number): SharedRun<V> {
    const scope = new CancelScope();
    const result = work(context.within(scope)).finally(() => this.#remove(key, run));
    const run: SharedRun<V> = { result, scope, waiting };
    this.#runs.set(key, run);
    return run;
  }

  async #wait(key: string, run: SharedRun<V>, context: ExecutionContext): Promise<V> {
    run.waiting += 1;
    try {
      return await untilCancelled(run.result, context.scope);
    } finally {
      run.waiting -= 1;
      if (run.waiting === 0 && context.scope?.cancelled === true) {
        this.#remove(key, run);
        run.scope.cancel(context.scope.reason);
      }
    }
  }

  /** Forgets the run, unless the next one for this key has started already. */
  #remove(key: string, run: SharedRun<V>): void {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }
}
