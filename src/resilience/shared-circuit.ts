import { type CircuitGroup, CircuitSeat, type CircuitState } from '../telemetry/record/circuit-breaker.ts';
import {
  admit,
  type CircuitResult,
  type CircuitRules,
  type CircuitValue,
  closedCircuit,
  isolatedCircuit,
  type Refusal,
  refusal,
  settle,
} from './circuit.ts';
import { type CircuitOptions, circuitRules } from './circuit-options.ts';

export type { CircuitState } from '../telemetry/record/circuit-breaker.ts';

/** What circuit breakers know of the health of one dependency. Several may share it, and a hand may steer it. */
export interface Circuit {
  /**
   * `open` refuses everything; once its time is over it is `half_open`: it lets probes through. That it then changes
   * back to `closed` or `open` takes an execution. `isolated` is open until somebody resets it.
   */
  readonly state: CircuitState;
  /** Refuses everything until `reset`. What is running is left to finish, and no longer counts. */
  isolate(): void;
  /** Closes it, with nothing remembered. */
  reset(): void;
}

interface Clock {
  now(): number;
}

/** Takes the circuits that were dropped while open out of the gauge. */
const dropped = new FinalizationRegistry<CircuitSeat>((seat) => seat.leave());
const NEVER_OVER = () => false;

/** A circuit with a life: the value, and those to whom its changes are told. */
export class LiveCircuit implements Circuit {
  readonly #rules: CircuitRules<unknown>;
  readonly #seats: CircuitSeat[] = [];
  #value: CircuitValue<unknown>;
  #isOver = NEVER_OVER;

  constructor(rules: CircuitRules<unknown>) {
    this.#rules = rules;
    this.#value = closedCircuit(rules);
  }

  get state(): CircuitState {
    const { state } = this.#value;
    return state === 'open' && this.#isOver() ? 'half_open' : state;
  }

  isolate(): void {
    if (this.#value.state !== 'isolated') this.#become(isolatedCircuit(this.#value));
  }

  reset(): void {
    this.#become(closedCircuit(this.#rules, this.#value.epoch + 1));
  }

  /** Shows this circuit under one more name. */
  showIn(group: CircuitGroup): void {
    if (this.#seats.some((seat) => seat.group === group)) return;
    const seat = new CircuitSeat(group);
    if (this.#value.state !== 'closed') seat.moved(this.#value.state, this.#isOver);
    this.#seats.push(seat);
    dropped.register(this, seat);
  }

  /** Shows it no more, whatever becomes of it. */
  hide(): void {
    for (const seat of this.#seats.splice(0)) seat.leave();
  }

  /** The epoch in which the call is let in, `undefined` where it is refused. */
  admit(clock: Clock): number | undefined {
    if (this.#value.state === 'closed') return this.#value.epoch;
    const next = admit(this.#rules, this.#value, clock.now());
    if (next === undefined) return undefined;
    this.#become(next, clock);
    return next.epoch;
  }

  /** Tells the circuit how a call went that it let in. Returns the state that it changed to, if it did. */
  settle(epoch: number, result: CircuitResult, clock: Clock): CircuitState | undefined {
    return this.#become(settle(this.#rules, this.#value, epoch, result, clock.now()), clock);
  }

  /** As what it refuses calls, and until when. */
  refusal(): Refusal {
    return refusal(this.#value);
  }

  #become(next: CircuitValue<unknown>, clock?: Clock): CircuitState | undefined {
    const { state } = this.#value;
    this.#value = next;
    if (next.state === state) return undefined;
    this.#isOver = next.state === 'open' && clock !== undefined ? hasPassed(next.until, clock) : NEVER_OVER;
    for (const seat of this.#seats) seat.moved(next.state, this.#isOver);
    return next.state;
  }
}

/** Stands alone so that whoever holds the answer does not hold the circuit. */
function hasPassed(until: number, clock: Clock): () => boolean {
  return () => clock.now() >= until;
}

/**
 * A circuit to hand to several circuit breakers that call the same dependency, or to isolate and reset by hand.
 *
 * @example
 * const provider = circuit({ consecutiveFailures: 5, openMs: 10_000 });
 * const short = circuitBreaker(small, { circuit: provider });
 * const long = circuitBreaker(large, { circuit: provider });
 * provider.isolate(); // during maintenance
 * @throws TypeError, RangeError when an option is wrong
 */
export function circuit(options: CircuitOptions): Circuit {
  return new LiveCircuit(circuitRules('CircuitOptions', options));
}
