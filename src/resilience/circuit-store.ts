import type { Rule } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { having, number, optional } from '../core/rules.ts';
import type { CircuitOpenRules } from './circuit.ts';

/**
 * What a process does with a circuit that several processes share. `look` changes nothing. `open`: it has had too many
 * failures. `admit`: may it try a call? `succeeded`, `failed`, `unknown`: how a call ended that was admitted.
 */
export type CircuitStep = 'look' | 'open' | 'admit' | 'succeeded' | 'failed' | 'unknown';

export interface CircuitRequest extends CircuitOpenRules {
  /** Names the circuit: its breaker, the rules and the key. */
  readonly circuit: string;
  readonly step: CircuitStep;
  /** The epoch of the circuit that the process knows, or in which the call was admitted; 0 for none. */
  readonly epoch: number;
  /** Names the process. */
  readonly process: string;
}

/** The circuit after a step. */
export interface CircuitAnswer {
  readonly state: 'closed' | 'open' | 'half_open';
  /** Each change of state begins a new one. 0 for a circuit of which the store knows nothing: it is closed. */
  readonly epoch: number;
  /** In how many milliseconds the circuit admits a call, whatever becomes of those that run. */
  readonly leftMs: number;
  /** How often it has opened since it was closed. */
  readonly openings: number;
  /** For `admit`: whether the process may try a call. */
  readonly admitted: boolean;
}

/**
 * Where circuits of several processes keep their state. It is asked when a circuit opens, for each call while it is open or
 * half-open, and now and then while it is closed. A store may fail or be slow: then each process goes on with its own circuit.
 */
export interface CircuitStore {
  /** How long an execution waits for an answer, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /** How often a process that uses a closed circuit looks whether another has opened it, in milliseconds. @default 1000 */
  readonly lookMs?: number | undefined;
  /** Makes one step, which no other step can come between. The result of a call that was admitted in another epoch changes nothing. */
  step(request: CircuitRequest): CircuitAnswer | PromiseLike<CircuitAnswer>;
  /** A number that changes when the circuit may have changed: then the process looks at once. */
  version?(circuit: string): number;
}

const methods = having<CircuitStore>('step');
export const lookTime = optional(number({ min: 1 }));

/** A store: an object with these methods. It may have more. */
export const circuitStore: Rule<CircuitStore> = (where, option, value) => {
  methods(where, option, value);
  const { timeoutMs, lookMs } = value as CircuitStore;
  storeTimeout(where, `${option}.timeoutMs`, timeoutMs);
  lookTime(where, `${option}.lookMs`, lookMs);
};
