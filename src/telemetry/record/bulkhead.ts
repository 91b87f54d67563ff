import { HistogramTable, SeriesTable } from '../instruments.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { waits } from './wait.ts';

const bulkheadRunning = new SeriesTable(
  INSTRUMENT.bulkheadRunning,
  'upDownCounter',
  { description: 'Executions that hold a slot of a bulkhead', unit: '{execution}' },
  [ATTR.primitiveName],
);
const bulkheadQueued = new SeriesTable(
  INSTRUMENT.bulkheadQueued,
  'upDownCounter',
  { description: 'Executions that wait for a slot of a bulkhead', unit: '{execution}' },
  [ATTR.primitiveName],
);
const bulkheadWait = new HistogramTable(
  INSTRUMENT.bulkheadWait,
  { description: 'How long executions waited for a slot that found none free', unit: 's' },
  [ATTR.primitiveName],
);

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
