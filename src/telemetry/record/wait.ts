import { timeOf } from '../guard.ts';
import type { HistogramTable, Series } from '../instruments.ts';
import type { Observation } from '../observation.ts';

/** Tells of those who wait for a policy to let them go on: how many there are, and how long it took. */
export function waits(
  queued: Series,
  table: HistogramTable,
  labels: ReturnType<HistogramTable['labels']>,
  attribute: string,
) {
  return {
    /** Call it when the wait begins, and what it returns when it is over, whatever its end. */
    begin(observation: Observation, clock: { now(): number }): () => void {
      queued.value += 1;
      const from = Number.isNaN(observation.startedAt) ? Number.NaN : timeOf(clock);
      return () => {
        queued.value -= 1;
        if (Number.isNaN(from)) return;
        const seconds = Math.max(0, timeOf(clock) - from) / 1_000;
        if (Number.isNaN(seconds)) return;
        observation.span?.setAttribute(attribute, seconds);
        table.record(seconds, labels, observation.context);
      };
    },
  };
}
