import { HistogramTable, SeriesTable } from '../instruments.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { waits } from './wait.ts';

const rateLimitQueued = new SeriesTable(INSTRUMENT.rateLimitQueued, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const rateLimitWait = new HistogramTable(INSTRUMENT.rateLimitWait, { unit: 's' }, [ATTR.primitiveName]);

/** Tells who waits for the permits of one rate limit. */
export function rateLimitWaits(name: string) {
  return waits(rateLimitQueued.series(name), rateLimitWait, rateLimitWait.labels(name), ATTR.rateLimitWait);
}
