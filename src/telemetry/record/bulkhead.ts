import { HistogramTable } from '../histogram-table.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { waitRecorder } from './wait.ts';

const bulkheadRunning = new SeriesTable(INSTRUMENT.bulkheadRunning, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const bulkheadQueued = new SeriesTable(INSTRUMENT.bulkheadQueued, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const bulkheadWait = new HistogramTable(INSTRUMENT.bulkheadWait, { unit: 's' }, [ATTR.primitiveName]);

/** Records the executions that have a slot of one bulkhead, and those that wait for one. */
export function bulkheadRecorder(name: string) {
  const running = bulkheadRunning.series(name);
  return {
    ...waitRecorder(bulkheadQueued.series(name), bulkheadWait.series(name), ATTR.bulkheadWait),
    /** An execution has a slot. */
    entered(): void {
      running.value += 1;
    },
    /** An execution has given its slot back. */
    left(): void {
      running.value -= 1;
    },
  };
}
