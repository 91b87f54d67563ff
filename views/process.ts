import { INSTRUMENT, type InstrumentName } from '../src/telemetry/semconv.ts';
import type { Combine, Row } from './row.ts';

const gauge = (instrument: InstrumentName, metric: string, combine: Combine, meaning: string): Row => ({
  instrument,
  metric,
  type: 'gauge',
  labels: {},
  combine,
  meaning,
});

/** Metrics of the process, with the names that Prometheus client libraries use. */
export const process: readonly Row[] = [
  {
    instrument: INSTRUMENT.processCpuTime,
    metric: 'process_cpu_seconds_total',
    type: 'counter',
    labels: {},
    meaning: 'user and system CPU time spent',
  },
  gauge(INSTRUMENT.processMemory, 'process_resident_memory_bytes', 'sum', 'resident memory'),
  gauge(INSTRUMENT.processStartTime, 'process_start_time_seconds', 'own', 'start of the process, Unix seconds'),
  gauge(INSTRUMENT.heapUsed, 'nodejs_heap_size_used_bytes', 'sum', 'heap in use'),
  gauge(INSTRUMENT.eventLoopDelayP50, 'nodejs_eventloop_delay_p50_seconds', 'largest', 'event loop delay, median'),
  gauge(
    INSTRUMENT.eventLoopDelayP90,
    'nodejs_eventloop_delay_p90_seconds',
    'largest',
    'event loop delay, 90th percentile',
  ),
  gauge(
    INSTRUMENT.eventLoopDelayP99,
    'nodejs_eventloop_delay_p99_seconds',
    'largest',
    'event loop delay, 99th percentile',
  ),
  gauge(
    INSTRUMENT.eventLoopDelayMax,
    'nodejs_eventloop_delay_max_seconds',
    'largest',
    'the longest event loop delay of the last 30 to 60 seconds',
  ),
];
