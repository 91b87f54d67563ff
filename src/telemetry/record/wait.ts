import type { Durations } from '../execution-telemetry.ts';
import { timeOf } from '../guard.ts';
import type { Observation } from '../observation.ts';
import type { Series } from '../series-table.ts';

/** Records the executions that wait until a policy lets them run: how many wait, and for how long. */
export function waitRecorder(queue: Series, waits: Durations, attribute: string) {
  return {
    /** The wait begins. Returns the `since` of `waited`, in milliseconds since the epoch; `NaN` if it is not measured. */
    queued(observation: Observation, clock: { now(): number }): number {
      queue.value += 1;
      return Number.isNaN(observation.startedAt) ? Number.NaN : timeOf(clock);
    },
    /** The wait that began at `since` has ended: the execution runs, or was aborted. */
    waited(observation: Observation, clock: { now(): number }, since: number): void {
      queue.value -= 1;
      if (Number.isNaN(since)) return;
      const seconds = Math.max(0, timeOf(clock) - since) / 1_000;
      if (Number.isNaN(seconds)) return;
      observation.span?.setAttribute(attribute, seconds);
      waits.record(seconds, observation);
    },
  };
}
