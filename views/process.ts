import { INSTRUMENT, type InstrumentName } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

const gauge = (instrument: InstrumentName, metric: string, meaning: string): Row => ({
  instrument,
  metric,
  type: 'gauge',
  labels: {},
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
  gauge(INSTRUMENT.processMemory, 'process_resident_memory_bytes', 'resident memory'),
  gauge(INSTRUMENT.processStartTime, 'process_start_time_seconds', 'start of the process, Unix seconds'),
  gauge(INSTRUMENT.heapUsed, 'nodejs_heap_size_used_bytes', 'heap in use'),
  gauge(INSTRUMENT.eventLoopDelayP50, 'nodejs_eventloop_delay_p50_seconds', 'event loop delay, median'),
  gauge(INSTRUMENT.eventLoopDelayP90, 'nodejs_eventloop_delay_p90_seconds', 'event loop delay, 90th percentile'),
  gauge(INSTRUMENT.eventLoopDelayP99, 'nodejs_eventloop_delay_p99_seconds', 'event loop delay, 99th percentile'),
];
