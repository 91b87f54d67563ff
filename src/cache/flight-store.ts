import type { Rule } from '../core/check.ts';
import { storeTimeout } from '../core/redis.ts';
import { having, milliseconds, number, optional } from '../core/rules.ts';

/** A run of the primitive for one key, in one process of several. */
export interface Flight {
  /** The key of the value in the store of the cache. */
  readonly key: string;
  /** Names the run. It is unique. */
  readonly token: string;
  /** For how long the run has the key if it is not heard of again, in milliseconds. */
  readonly leaseMs: number;
}

/**
 * Where caches of several processes tell one another what they run. It saves runs and promises nothing: after a pause of a
 * process, or where the store has failed, two may run for one key. An execution waits for `begin` and `end`.
 */
export interface FlightStore {
  /** How long an execution waits for an answer, in milliseconds. @default 200 */
  readonly timeoutMs?: number | undefined;
  /** For how long a run has its key if its process has died, in milliseconds. It is renewed while the run goes on. @default 10000 */
  readonly leaseMs?: number | undefined;
  /** How long an execution waits for the run of another process, in milliseconds. Then it runs itself. @default 60000 */
  readonly maxWaitMs?: number | undefined;
  /**
   * `taken`: this run has the key now. `held`: another run has it. `done`: a run has ended a moment ago, and its value is in
   * the store of the cache; with `again`, where it is not, the key is taken.
   */
  begin(flight: Flight, again: boolean): FlightAnswer | PromiseLike<FlightAnswer>;
  /** Begins the lease anew, if the run has its key still. */
  renew(flight: Flight): unknown;
  /** Gives the key free, if the run has it still. `isKept`: its value is in the store of the cache. */
  end(flight: Flight, isKept: boolean): unknown;
}

export type FlightAnswer = 'taken' | 'held' | 'done';

const methods = having<FlightStore>('begin', 'renew', 'end');
export const leaseTime = optional(number({ min: 3 }));
export const longestWait = optional(milliseconds);

/** A store: an object with these methods. It may have more. */
export const flightStore: Rule<FlightStore> = (where, option, value) => {
  methods(where, option, value);
  const { timeoutMs, leaseMs, maxWaitMs } = value as FlightStore;
  storeTimeout(where, `${option}.timeoutMs`, timeoutMs);
  leaseTime(where, `${option}.leaseMs`, leaseMs);
  longestWait(where, `${option}.maxWaitMs`, maxWaitMs);
};
