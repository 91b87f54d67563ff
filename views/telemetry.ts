import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

/** Telemetry's own losses. */
export const telemetry: readonly Row[] = [
  {
    instrument: INSTRUMENT.spansLost,
    metric: 'tta_spans_lost_total',
    type: 'counter',
    labels: { [ATTR.lossReason]: 'reason' },
    meaning:
      'spans that ended but were not delivered: `queue_full`, `export_failed`, `shutdown`, `instrumentation_error`',
  },
  {
    instrument: INSTRUMENT.seriesOverflow,
    metric: 'tta_series_overflow_total',
    type: 'counter',
    labels: { [ATTR.instrument]: 'metric' },
    meaning: 'measurements that went to the series `__other__` because their metric held its most series',
  },
];
