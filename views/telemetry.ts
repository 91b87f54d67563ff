import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

/** Metrics about lost telemetry. */
export const telemetry: readonly Row[] = [
  {
    instrument: INSTRUMENT.spansLost,
    metric: 'tta_spans_lost_total',
    type: 'counter',
    labels: { [ATTR.lossReason]: 'reason' },
    meaning:
      'spans that ended but were not delivered, by reason: `queue_full`, `export_failed`, `shutdown`, `instrumentation_error`',
  },
  {
    instrument: INSTRUMENT.seriesOverflow,
    metric: 'tta_series_overflow_total',
    type: 'counter',
    labels: { [ATTR.instrument]: 'metric' },
    meaning: 'measurements that went to the series `__other__` because their metric had reached its limit of series',
  },
];
