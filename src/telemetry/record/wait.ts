import type { HistogramTable, Series } from '../instruments.ts';
import type { Observation } from '../observe.ts';

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
      const from = observation.startedAt === 0 ? undefined : clock.now();
      return () => {
        queued.value -= 1;
        if (from === undefined) return;
        const seconds = Math.max(0, clock.now() - from) / 1_000;
        observation.span?.setAttribute(attribute, seconds);
        table.record(seconds, labels, observation.context);
      };
    },
  };
}
