/** The metrics of the process: gauges that are set before each collection. */

import { beforeCollection } from './meter.ts';
import { INSTRUMENT, type InstrumentName } from './semconv.ts';
import { SeriesTable } from './series-table.ts';

const gauge = (name: InstrumentName, unit: string) => new SeriesTable(name, 'gauge', { unit }, []);

const cpuTime = new SeriesTable(INSTRUMENT.processCpuTime, 'counter', { unit: 's' }, []);
const memory = gauge(INSTRUMENT.processMemory, 'By');
const startTime = gauge(INSTRUMENT.processStartTime, 's');
const heapUsed = gauge(INSTRUMENT.heapUsed, 'By');
const delayP50 = gauge(INSTRUMENT.eventLoopDelayP50, 's');
const delayP90 = gauge(INSTRUMENT.eventLoopDelayP90, 's');
const delayP99 = gauge(INSTRUMENT.eventLoopDelayP99, 's');
const delayMax = gauge(INSTRUMENT.eventLoopDelayMax, 's');

/** Seconds and bytes. */
export interface ProcessReading {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly startedAtSeconds: number;
  readonly eventLoopDelaySeconds: Readonly<Record<'p50' | 'p90' | 'p99' | 'max', number>>;
}

/** Reads the process before every collection from now on. Returns a function that stops it. */
export function observeProcess(read: () => ProcessReading): () => void {
  return beforeCollection(() => {
    const reading = read();
    cpuTime.series().value = reading.cpuSeconds;
    memory.series().value = reading.residentBytes;
    startTime.series().value = reading.startedAtSeconds;
    heapUsed.series().value = reading.heapUsedBytes;
    delayP50.series().value = reading.eventLoopDelaySeconds.p50;
    delayP90.series().value = reading.eventLoopDelaySeconds.p90;
    delayP99.series().value = reading.eventLoopDelaySeconds.p99;
    delayMax.series().value = reading.eventLoopDelaySeconds.max;
  });
}
