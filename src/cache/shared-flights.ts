import type { ExecutionContext } from '../core/context.ts';
import { uniqueId } from '../core/process-id.ts';
import type { SharedState } from '../core/shared-state.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { Observation } from '../telemetry/record/cache.ts';
import type { Flight, FlightAnswer, FlightStore } from './flight-store.ts';

interface Work<V> {
  /** What the store of the cache has by now. */
  readonly look: () => Promise<{ readonly value: V } | undefined>;
  readonly run: (context: ExecutionContext) => Promise<V>;
}

/** What a run is inside of that has this key. */
const FLIGHT = 'flight of a cache';

/** How long a process waits before it asks again whether another's run has ended, in milliseconds: at first, and at most. */
const SHORTEST_MS = 20;
const LONGEST_MS = 250;
const GROWTH = 1.5;
const ANSWERS: readonly unknown[] = ['taken', 'held', 'done'] satisfies FlightAnswer[];

/**
 * One run per key over all processes, as far as their store knows. A process that finds another's run waits for its value. It
 * runs itself when that run has ended without one, when it has waited for too long, and when the store does not answer.
 */
export class SharedFlights {
  readonly #store: FlightStore;
  readonly #state: SharedState;

  constructor(store: FlightStore, state: SharedState) {
    this.#store = store;
    this.#state = state;
  }

  async run<V>(key: string, context: ExecutionContext, observation: Observation, { look, run }: Work<V>): Promise<V> {
    // A run that waited for itself would wait until it has waited for too long.
    if (context.innermost<string>(FLIGHT, (held) => held === key) !== undefined) return run(context);
    const { leaseMs = 10_000, maxWaitMs = 60_000 } = this.#store;
    const flight = { key, token: uniqueId(), leaseMs };
    const until = context.clock.now() + maxWaitMs;
    let again = false;
    let hasWaited = false;
    for (let pauseMs = SHORTEST_MS; ; pauseMs = Math.min(LONGEST_MS, pauseMs * GROWTH)) {
      const answer = await this.#begin(flight, again, context, observation);
      if (answer === undefined) return run(context);
      if (answer === 'taken') return this.#hold(flight, context, observation, () => run(context.insideOf(FLIGHT, key)));
      if (answer === 'done') {
        const found = await look();
        if (found !== undefined) return found.value;
        // The store did not keep it, and will not keep the next one: who waits for that too would wait for all others.
        if (hasWaited) return run(context);
        again = true;
        continue;
      }
      again = false;
      hasWaited = true;
      const leftMs = until - context.clock.now();
      if (leftMs <= 0) return run(context);
      // Of many processes that wait, not all should ask at the same time.
      await context.sleep(Math.min(leftMs, pauseMs * (0.5 + Math.random() / 2)));
    }
  }

  async #begin(
    flight: Flight,
    again: boolean,
    context: ExecutionContext,
    observation: Observation,
  ): Promise<FlightAnswer | undefined> {
    const unused = (answer: FlightAnswer) => {
      if (answer === 'taken') void this.#end(flight, false, context, observation);
    };
    const call = async () => checked(await this.#store.begin(flight, again));
    const asked = this.#state.ask({ context, observation, call, onLate: unused });
    try {
      return (await untilCancelled(asked, context.scope))?.answer;
    } catch (error) {
      void asked.then((late) => late && unused(late.answer));
      throw error;
    }
  }

  async #hold<V>(
    flight: Flight,
    context: ExecutionContext,
    observation: Observation,
    run: () => Promise<V>,
  ): Promise<V> {
    let disarm = () => {};
    const renew = () => {
      disarm = context.after(flight.leaseMs / 3, () => {
        void this.#state.ask({ context, observation, call: async () => this.#store.renew(flight) });
        renew();
      });
    };
    renew();
    let isKept = false;
    try {
      const value = await run();
      isKept = true;
      return value;
    } finally {
      disarm();
      const ended = this.#end(flight, isKept, context, observation);
      // The process may end as soon as the execution has: the others would wait until the lease is over.
      if (isKept) await untilCancelled(ended, context.scope);
    }
  }

  #end(flight: Flight, isKept: boolean, context: ExecutionContext, observation: Observation) {
    return this.#state.ask({ context, observation, call: async () => this.#store.end(flight, isKept) });
  }
}

function checked(answer: FlightAnswer): FlightAnswer {
  if (ANSWERS.includes(answer)) return answer;
  throw new TypeError('begin must give taken, held or done');
}
