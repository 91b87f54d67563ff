import { HistogramTable, SeriesTable } from '../instruments.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { waits } from './wait.ts';

const rateLimitQueued = new SeriesTable(
  INSTRUMENT.rateLimitQueued,
  'upDownCounter',
  { description: 'Executions that wait for permits of a rate limit', unit: '{execution}' },
  [ATTR.primitiveName],
);
const rateLimitWait = new HistogramTable(
  INSTRUMENT.rateLimitWait,
  { description: 'How long executions waited for permits that found too few', unit: 's' },
  [ATTR.primitiveName],
);

/** Tells who waits for the permits of one rate limit. */
export function rateLimitWaits(name: string) {
  return waits(rateLimitQueued.series(name), rateLimitWait, rateLimitWait.labels(name), ATTR.rateLimitWait);
}
