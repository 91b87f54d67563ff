import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';

/** A span keeps 128 events by default and drops the oldest. The first iterations are more useful than the last. */
const MOST_EVENTS = 64;

const loopIterations = new SeriesTable(INSTRUMENT.loopIterations, 'counter', { unit: '{iteration}' }, [
  ATTR.primitiveName,
]);

/** Records the iterations of one loop. */
export function loopRecorder(name: string) {
  const iterations = loopIterations.series(name);
  return {
    /** Iteration `iteration` (the first is 1) gave an output. */
    iterated(observation: Observation, iteration: number): void {
      iterations.value += 1;
      if (observation.span === undefined) return;
      if (iteration <= MOST_EVENTS) observation.span.addEvent(EVENT.loop, { [ATTR.loopIteration]: iteration });
    },
    /** The loop has ended, with an output or an error. */
    finished(observation: Observation, iterations: number): void {
      observation.span?.setAttribute(ATTR.loopIterations, iterations);
    },
  };
}
