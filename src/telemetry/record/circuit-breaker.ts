import { processWide } from '../../platform/process-wide.ts';
import { beforeCollection } from '../meter.ts';
import type { Observation } from '../observation.ts';
import { ATTR, CIRCUIT_STATES, type CircuitState, EVENT, INSTRUMENT } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';

export type { CircuitState } from '../semconv.ts';

const circuitState = new SeriesTable(INSTRUMENT.circuitState, 'gauge', {}, [ATTR.primitiveName]);
const circuitTransitions = new SeriesTable(INSTRUMENT.circuitTransitions, 'counter', { unit: '{transition}' }, [
  ATTR.primitiveName,
  ATTR.circuitTo,
]);

/** One circuit under one name. It has no reference to the circuit, so that the circuit can be garbage collected. */
export class CircuitMember {
  readonly group: CircuitGroup;
  #state: CircuitState = 'closed';
  #isOver: () => boolean = () => false;

  constructor(group: CircuitGroup) {
    this.group = group;
  }

  /** `isOver` says whether the time of an open circuit is over: then the circuit counts as half-open. */
  moved(to: CircuitState, isOver: () => boolean): void {
    this.#state = to;
    this.#isOver = isOver;
    this.group.moved(this, to);
  }

  /** The circuit does not exist any more. */
  leave(): void {
    this.group.left(this);
  }

  /** The value of the gauge. */
  get level(): number {
    if (this.#state === 'closed') return 0;
    if (this.#state === 'half_open') return 1;
    return this.#state === 'open' && this.#isOver() ? 1 : 2;
  }
}

/** The circuits that show under one name. */
export class CircuitGroup {
  readonly #gauge: Series;
  readonly #transitions: Readonly<Record<CircuitState, Series>>;
  readonly #notClosed = new Set<CircuitMember>();

  constructor(gauge: Series, name: string) {
    this.#gauge = gauge;
    this.#transitions = Object.fromEntries(
      CIRCUIT_STATES.map((state) => [state, circuitTransitions.series(name, state)]),
    ) as Record<CircuitState, Series>;
  }

  moved(member: CircuitMember, to: CircuitState): void {
    this.#transitions[to].value += 1;
    if (to === 'closed') this.left(member);
    else this.#notClosed.add(member);
    unsettled.add(this);
  }

  left(member: CircuitMember): void {
    this.#notClosed.delete(member);
  }

  /** Sets the gauge. Returns whether it may change without a transition, as when an open circuit becomes half-open. */
  refresh(): boolean {
    let worst = 0;
    for (const member of this.#notClosed) worst = Math.max(worst, member.level);
    this.#gauge.value = worst;
    return this.#notClosed.size > 0;
  }
}

const { groups, unsettled } = processWide('circuits', () => {
  const groups = new Map<Series, CircuitGroup>();
  /** The groups whose gauge is not 0, or must still be set to 0. */
  const unsettled = new Set<CircuitGroup>();
  beforeCollection(() => {
    for (const group of unsettled) if (!group.refresh()) unsettled.delete(group);
  });
  return { groups, unsettled };
});

/** The circuits that show under this name. */
export function circuitsNamed(name: string): CircuitGroup {
  const gauge = circuitState.series(name);
  const known = groups.get(gauge);
  if (known !== undefined) return known;
  const group = new CircuitGroup(gauge, name);
  groups.set(gauge, group);
  return group;
}

/** Records refusals and changes of state on the spans of a circuit breaker. */
export function circuitBreakerRecorder() {
  return {
    /** The circuit, in this state, refused the execution. */
    refused(observation: Observation, state: CircuitState): void {
      observation.span?.setAttribute(ATTR.circuitState, state);
    },
    /** The end of the execution changed the state of its circuit. */
    changed(observation: Observation, to: CircuitState): void {
      observation.span?.addEvent(EVENT.circuit, { [ATTR.circuitTo]: to });
    },
  };
}
