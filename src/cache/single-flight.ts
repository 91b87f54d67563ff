import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';

interface Flight<V> {
  readonly result: Promise<V>;
  readonly scope: CancelScope;
  waiting: number;
}

type Run<V> = (alone: ExecutionContext) => Promise<V>;

/**
 * One run per key at a time, shared by all who ask meanwhile. The run belongs to none of them: each may give up by
 * its own context, and only when the last one has is the run itself aborted.
 */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>();

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** The result of the run under way for this key, `undefined` when there is none. */
  join(key: string, context: ExecutionContext): PromiseLike<V> | undefined {
    const flight = this.#flights.get(key);
    return flight === undefined ? undefined : this.#wait(key, flight, context);
  }

  /** Starts the run for this key, under a context that no single caller can cancel. */
  start(key: string, context: ExecutionContext, run: Run<V>): PromiseLike<V> {
    return this.#wait(key, this.#takeOff(key, context, run, 0), context);
  }

  /** Starts a run that goes on whoever joins and leaves it. */
  startInBackground(key: string, context: ExecutionContext, run: Run<V>): void {
    this.#takeOff(key, context, run, 1);
  }

  #takeOff(key: string, context: ExecutionContext, run: Run<V>, waiting: number): Flight<V> {
    const scope = new CancelScope();
    const result = run(context.within(scope)).finally(() => this.#remove(key, flight));
    // Those who wait see a failure themselves; if they have all left, nobody else is to be troubled with it.
    result.catch(() => {});
    const flight: Flight<V> = { result, scope, waiting };
    this.#flights.set(key, flight);
    return flight;
  }

  async #wait(key: string, flight: Flight<V>, context: ExecutionContext): Promise<V> {
    flight.waiting += 1;
    try {
      return await untilCancelled(flight.result, context.scope);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0 && context.scope?.cancelled === true) {
        this.#remove(key, flight);
        flight.scope.cancel(context.scope.reason);
      }
    }
  }

  /** Makes room for the next run, unless that has taken off already. */
  #remove(key: string, flight: Flight<V>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
