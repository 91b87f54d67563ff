import { HistogramTable, SeriesTable } from '../instruments.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { waits } from './wait.ts';

const bulkheadRunning = new SeriesTable(INSTRUMENT.bulkheadRunning, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const bulkheadQueued = new SeriesTable(INSTRUMENT.bulkheadQueued, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const bulkheadWait = new HistogramTable(INSTRUMENT.bulkheadWait, { unit: 's' }, [ATTR.primitiveName]);

/** Tells who is in one bulkhead, and who waits to be. */
export function bulkheadSlots(name: string) {
  const running = bulkheadRunning.series(name);
  return {
    ...waits(bulkheadQueued.series(name), bulkheadWait, bulkheadWait.labels(name), ATTR.bulkheadWait),
    entered(): void {
      running.value += 1;
    },
    left(): void {
      running.value -= 1;
    },
  };
}
