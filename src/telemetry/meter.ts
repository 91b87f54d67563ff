/**
 * The provider that is registered now, and the instruments made there.
 *
 * Instruments belong to a provider. The metrics API has no proxy: an instrument that was made before the SDK arrived
 * stays a no-op for ever. Therefore `currentMeter` checks which provider is registered and, when it has changed, makes
 * all instruments again.
 */
import {
  type Attributes,
  type BatchObservableCallback,
  createNoopMeter,
  type Meter,
  metrics,
  type Observable,
} from '@opentelemetry/api';
import { guarded } from './guard.ts';
import { SCOPE } from './semconv.ts';

/** A table whose values are read at each collection. */
export interface CollectedTable {
  createInstrument(meter: Meter): Observable;
  /** Called when a new provider is bound: counts start at 0 there. */
  startAnew(): void;
  read(): Iterable<[value: number, attributes: Attributes]>;
}

/** A table that records one value at a time. */
export interface RecordingTable {
  /** Makes its instrument in this meter; `undefined` where no provider is registered. */
  bind(meter: Meter | undefined): void;
}

let boundProvider: unknown;
let boundMeter: Meter | undefined;
let stopReporting = () => {};
const collected: CollectedTable[] = [];
const recording: RecordingTable[] = [];
const instruments = new Map<CollectedTable, Observable>();
const refreshers = new Set<() => void>();

/** Reads the table at every collection from now on, also if an SDK is registered already. */
export function addCollected(table: CollectedTable): void {
  collected.push(table);
  if (boundMeter !== undefined) attach(boundMeter);
}

/** Binds the table to the current provider and to every later provider. */
export function addRecording(table: RecordingTable): void {
  recording.push(table);
  table.bind(boundMeter);
}

/** Calls `refresh` before every collection, for values that are not counted. Returns a function that stops it. */
export function beforeCollection(refresh: () => void): () => void {
  refreshers.add(refresh);
  return () => refreshers.delete(refresh);
}

/** The meter of the provider registered now, with all instruments made there; `undefined` when there is none. */
export function currentMeter(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (provider === boundProvider) return boundMeter;
  guarded('the meter provider that was replaced still reads the counters', stopReporting);
  stopReporting = () => {};
  boundProvider = provider;
  boundMeter = undefined;
  guarded('the meter provider gives no meter', () => {
    const meter = provider.getMeter(SCOPE);
    if (meter !== createNoopMeter()) boundMeter = meter;
  });
  for (const table of recording) table.bind(boundMeter);
  for (const table of collected) table.startAnew();
  instruments.clear();
  if (boundMeter !== undefined) attach(boundMeter);
  return boundMeter;
}

/** Reads every table at every collection of this meter's provider. */
function attach(meter: Meter): void {
  guarded('the meter provider does not take the counters', () => {
    stopReporting();
    for (const table of collected) if (!instruments.has(table)) instruments.set(table, table.createInstrument(meter));
    const observables = [...instruments.values()];
    meter.addBatchObservableCallback(report, observables);
    stopReporting = () => meter.removeBatchObservableCallback(report, observables);
  });
}

const report: BatchObservableCallback = (result) => {
  for (const refresh of refreshers) guarded('a value cannot be read', refresh);
  for (const [table, instrument] of instruments) {
    for (const [value, attributes] of table.read()) result.observe(instrument, value, attributes);
  }
};
