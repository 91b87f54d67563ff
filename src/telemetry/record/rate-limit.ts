import { HistogramTable } from '../histogram-table.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { waitRecorder } from './wait.ts';

export type { Observation } from '../observation.ts';

const rateLimitQueued = new SeriesTable(INSTRUMENT.rateLimitQueued, 'upDownCounter', { unit: '{execution}' }, [
  ATTR.primitiveName,
]);
const rateLimitWait = new HistogramTable(INSTRUMENT.rateLimitWait, { unit: 's' }, [ATTR.primitiveName]);

/** Records the executions that wait for the permits of one rate limit. */
export function rateLimitRecorder(name: string) {
  return waitRecorder(rateLimitQueued.series(name), rateLimitWait.series(name), ATTR.rateLimitWait);
}
