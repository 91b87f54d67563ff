import type { ExecutionContext } from '../core/context.ts';
import { acrossCopies } from '../platform/process-wide.ts';
import { type CircuitGroup, CircuitMember, type CircuitState } from '../telemetry/record/circuit-breaker.ts';
import { Admission } from './admission.ts';
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

/** The health of one dependency. Several circuit breakers may share it, and a program may open and close it. */
export interface Circuit {
  /**
   * An `open` circuit refuses every execution. When its open time is over, it is `half_open`: it admits probes, and their
   * results close it or open it again. An `isolated` circuit refuses every execution until `reset`.
   */
  readonly state: CircuitState;
  /** Refuses every execution until `reset`. Running executions may finish; their results do not count. */
  isolate(): void;
  /** Closes the circuit, and deletes all results. */
  reset(): void;
}

interface Clock {
  now(): number;
}

/** Removes garbage-collected circuits from the gauge. */
const dropped = new FinalizationRegistry<CircuitMember>((member) => member.leave());
const NEVER_OVER = () => false;
const SUCCESS = {};
const isRunning = ({ hasEnded }: Admission) => !hasEnded;

/** A circuit that changes: its current value, and the names under which telemetry shows it. */
export class LiveCircuit implements Circuit {
  readonly #rules: CircuitRules<unknown>;
  readonly #members: CircuitMember[] = [];
  #value: CircuitValue<unknown>;
  /** When the circuit that has opened admits a probe. */
  readonly #opening = { until: Number.POSITIVE_INFINITY };
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
    if (this.#value.state !== 'isolated') this.become(isolatedCircuit(this.#value));
  }

  reset(): void {
    this.become(closedCircuit(this.#rules, this.#value.epoch + 1));
  }

  /** Shows the circuit under one more name. */
  showIn(group: CircuitGroup): void {
    if (this.#members.some((member) => member.group === group)) return;
    const member = new CircuitMember(group);
    if (this.#value.state !== 'closed') member.moved(this.#value.state, this.#isOver);
    this.#members.push(member);
    dropped.register(this, member);
  }

  /** Removes the circuit from all names. */
  hide(): void {
    for (const member of this.#members.splice(0)) member.leave();
  }

  /** What the circuit is now. */
  get value(): CircuitValue<unknown> {
    return this.#value;
  }

  /**
   * Admits the execution; `undefined` when it is refused. An execution inside another one of this circuit is a part of
   * it, and needs no admission of its own: a probe that waited for a second probe would wait for itself.
   */
  admit(clock: Clock, context: ExecutionContext): Admission | undefined {
    const part = this.partOf(context);
    if (part !== undefined) return part;
    const { epoch, state } = this.#value;
    if (state === 'closed') return new Admission(epoch, undefined);
    const next = admit(this.#rules, this.#value, clock.now());
    if (next === undefined) return undefined;
    this.become(next, clock);
    return new Admission(next.epoch, undefined);
  }

  /** The admission of an execution that is a part of another one. */
  partOf(context: ExecutionContext): Admission | undefined {
    const { epoch } = this.#value;
    const whole = context.innermost(this, isRunning);
    return whole?.epoch === epoch ? new Admission(epoch, whole) : undefined;
  }

  /** The context of what this admission admits. */
  inside(context: ExecutionContext, admission: Admission): ExecutionContext {
    return context.insideOf(this, admission);
  }

  /** Call it when the execution has ended. Returns the new state of the circuit, if it changed. */
  settle(admission: Admission, result: CircuitResult, error: unknown, clock: Clock): CircuitState | undefined {
    const counts = this.counted(admission, result, error);
    if (counts === undefined) return undefined;
    return this.become(settle(this.#rules, this.#value, admission.epoch, counts, clock.now()), clock);
  }

  /**
   * What the end of the execution counts as; `undefined` for nothing. An error counts once, and so does success: for the
   * innermost execution, or for a whole probe.
   */
  counted(admission: Admission, result: CircuitResult, error: unknown): CircuitResult | undefined {
    const { whole } = admission;
    admission.hasEnded = true;
    const end = result === 'failure' ? error : SUCCESS;
    const hasCounted = result !== 'unknown' && admission.hasCounted(end);
    if (whole !== undefined) {
      if (result === 'unknown' || (result === 'success' && this.#value.state !== 'closed')) return undefined;
      whole.countedPart(end);
      if (hasCounted) return undefined;
    }
    return hasCounted ? 'unknown' : result;
  }

  /** Why the circuit refuses calls now, and until when. */
  refusal(): Refusal {
    return refusal(this.#value);
  }

  /** Takes the next value. Returns the new state, if it changed. */
  become(next: CircuitValue<unknown>, clock?: Clock): CircuitState | undefined {
    const { state } = this.#value;
    this.#value = next;
    if (next.state === 'open') this.#opening.until = next.until;
    if (next.state === state) return undefined;
    this.#isOver = next.state === 'open' && clock !== undefined ? hasPassed(this.#opening, clock) : NEVER_OVER;
    for (const member of this.#members) member.moved(next.state, this.#isOver);
    return next.state;
  }
}

acrossCopies({ LiveCircuit });

/** A function of its own: a closure in the class would keep the circuit from being garbage collected. */
function hasPassed(opening: { readonly until: number }, clock: Clock): () => boolean {
  return () => clock.now() >= opening.until;
}

/**
 * A circuit that several circuit breakers of the same dependency share, or that a program isolates and resets.
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
