/**
 * The circuit as a value, and its transitions. Pure: no clock, no telemetry; `now` is in milliseconds.
 *
 * Every change of state begins a new epoch. The result of a call counts only in the epoch in which the call was admitted.
 * A late result does not close a circuit that has opened since, and does not open a circuit that has recovered.
 */
import type { TripRule } from './trip-rule.ts';

/** How long an open circuit refuses, and what closes it. */
export interface CircuitOpenRules {
  /** How long the circuit stays open the first time, in milliseconds. */
  readonly openMs: number;
  /** After a failed probe the circuit stays open `openFactor` times as long as before, at most `maxOpenMs`. */
  readonly openFactor: number;
  readonly maxOpenMs: number;
  /** How many successful probes close the circuit, and how many may run at once. */
  readonly halfOpenProbes: number;
}

export interface CircuitRules<T> extends CircuitOpenRules {
  readonly trip: TripRule<T>;
}

export type CircuitValue<T> =
  | { readonly state: 'closed'; readonly epoch: number; readonly tally: T }
  | { readonly state: 'open'; readonly epoch: number; readonly until: number; readonly openings: number }
  | {
      readonly state: 'half_open';
      readonly epoch: number;
      readonly openings: number;
      readonly running: number;
      readonly succeeded: number;
      /** When one more probe is admitted although the running ones have not returned. */
      readonly renewAt: number;
    }
  | { readonly state: 'isolated'; readonly epoch: number };

/** How a call ended: `unknown` where the end says nothing about the dependency, as with a cancellation. */
export type CircuitResult = 'success' | 'failure' | 'unknown';

export function closedCircuit<T>(rules: CircuitRules<T>, epoch = 0): CircuitValue<T> {
  return { state: 'closed', epoch, tally: rules.trip.empty };
}

export function isolatedCircuit<T>({ epoch }: CircuitValue<T>): CircuitValue<T> {
  return { state: 'isolated', epoch: epoch + 1 };
}

/** The circuit after it has admitted one more call, `undefined` where it refuses the call. */
export function admit<T>(rules: CircuitRules<T>, circuit: CircuitValue<T>, now: number): CircuitValue<T> | undefined {
  switch (circuit.state) {
    case 'closed':
      return circuit;
    case 'isolated':
      return undefined;
    case 'open': {
      if (now < circuit.until) return undefined;
      const { openings, epoch } = circuit;
      const renewAt = now + rules.openMs;
      return { state: 'half_open', epoch: epoch + 1, openings, running: 1, succeeded: 0, renewAt };
    }
    case 'half_open': {
      const running = circuit.running + 1;
      if (running + circuit.succeeded <= rules.halfOpenProbes) return { ...circuit, running };
      // A probe that never returns must not keep the circuit half-open for ever.
      return now < circuit.renewAt ? undefined : { ...circuit, running, renewAt: now + rules.openMs };
    }
  }
}

/** The circuit after a call that was admitted during `epoch` has ended. */
export function settle<T>(
  rules: CircuitRules<T>,
  circuit: CircuitValue<T>,
  epoch: number,
  result: CircuitResult,
  now: number,
): CircuitValue<T> {
  if (circuit.epoch !== epoch) return circuit;
  if (circuit.state === 'closed') {
    if (result === 'unknown') return circuit;
    const tally = rules.trip[result](circuit.tally, now);
    if (result === 'failure' && rules.trip.trips(tally, now)) return opened(rules, epoch, 1, now);
    return tally === circuit.tally ? circuit : { ...circuit, tally };
  }
  if (circuit.state === 'half_open') {
    if (result === 'failure') return opened(rules, epoch, circuit.openings + 1, now);
    const succeeded = circuit.succeeded + (result === 'success' ? 1 : 0);
    if (succeeded >= rules.halfOpenProbes) return closedCircuit(rules, epoch + 1);
    return { ...circuit, succeeded, running: circuit.running - 1 };
  }
  return circuit;
}

export interface Refusal {
  readonly state: 'open' | 'half_open' | 'isolated';
  /** When a call may be admitted again, `undefined` while only a reset allows one. */
  readonly until: number | undefined;
}

/** Why `admit` refused a call. */
export function refusal<T>(circuit: CircuitValue<T>): Refusal {
  switch (circuit.state) {
    case 'open':
      return { state: 'open', until: circuit.until };
    case 'half_open':
      return { state: 'half_open', until: circuit.renewAt };
    default:
      return { state: 'isolated', until: undefined };
  }
}

function opened<T>(rules: CircuitRules<T>, epoch: number, openings: number, now: number): CircuitValue<T> {
  const openMs = Math.min(rules.maxOpenMs, rules.openMs * rules.openFactor ** (openings - 1));
  return { state: 'open', epoch: epoch + 1, until: now + openMs, openings };
}
