import { ATTR, INSTRUMENT } from './semconv.ts';
import { type Series, SeriesTable } from './series-table.ts';

const spansLost = new SeriesTable(INSTRUMENT.spansLost, 'counter', { unit: '{span}' }, [ATTR.lossReason]);

/** The count of spans lost for one reason; a closed set of words. */
export function lostSpans(reason: 'queue_full' | 'export_failed' | 'shutdown' | 'instrumentation_error'): Series {
  return spansLost.series(reason);
}
