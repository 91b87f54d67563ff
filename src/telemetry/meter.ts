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
import { processWide } from '../platform/process-wide.ts';
import type { KeptExemplar } from './exemplars.ts';
import { guarded } from './guard.ts';
import { SCOPE } from './semconv.ts';

/** A table whose values are read at each collection. */
export interface CollectedTable {
  createInstrument(meter: Meter): Observable;
  /** Called when a new provider is bound: counts start at 0 there. */
  startAnew(): void;
  read(): Iterable<[value: number, attributes: Attributes]>;
  exemplars(): Iterable<KeptExemplar>;
}

/** An instrument of ours in the current provider, and what an exporter can show of it that the SDK cannot. */
export interface OwnInstrument {
  readonly instrument: unknown;
  /** The series of a histogram, in the order in which they were made. The SDK knows them from their first measurement only. */
  readonly series: readonly { readonly attributes: Attributes }[];
  exemplars(): Iterable<KeptExemplar>;
}

/** A table that records one value at a time. */
export interface RecordingTable {
  /** Makes its instrument in this meter; `undefined` where no provider is registered. */
  bind(meter: Meter | undefined): void;
  own(): OwnInstrument;
}

interface Binding {
  /** The provider whose collections read the tables; `undefined` when there is none. */
  provider: unknown;
  meter: Meter | undefined;
  stopReporting: () => void;
  readonly collected: CollectedTable[];
  readonly recording: RecordingTable[];
  readonly instruments: Map<CollectedTable, Observable>;
  readonly refreshers: Set<() => void>;
}

/** Two copies of this package that each bound their own tables would overwrite one another's series. */
const binding = processWide<Binding>('meter', () => ({
  provider: undefined,
  meter: undefined,
  stopReporting: () => {},
  collected: [],
  recording: [],
  instruments: new Map(),
  refreshers: new Set(),
}));
/** What the API of this copy gave last. */
let seen: unknown;

/** Reads the table at every collection from now on, also if an SDK is registered already. */
export function addCollected(table: CollectedTable): void {
  binding.collected.push(table);
  if (binding.meter !== undefined) attach(binding.meter);
}

/** Binds the table to the current provider and to every later provider. */
export function addRecording(table: RecordingTable): void {
  binding.recording.push(table);
  table.bind(binding.meter);
}

/** The instruments of the meter that `currentMeter` gives. */
export function* ownInstruments(): Iterable<OwnInstrument> {
  for (const table of binding.recording) yield table.own();
  for (const [table, instrument] of binding.instruments) {
    yield { instrument, series: [], exemplars: () => table.exemplars() };
  }
}

/** Calls `refresh` before every collection, for values that are not counted. Returns a function that stops it. */
export function beforeCollection(refresh: () => void): () => void {
  binding.refreshers.add(refresh);
  return () => binding.refreshers.delete(refresh);
}

/** The meter of the provider registered now, with all instruments made there; `undefined` when there is none. */
export function currentMeter(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (provider === seen) return binding.meter;
  const isFirstLook = seen === undefined;
  seen = provider;
  let meter: Meter | undefined;
  guarded('the meter provider gives no meter', () => {
    const given = provider.getMeter(SCOPE);
    if (given !== createNoopMeter()) meter = given;
  });
  // An API that never saw a provider, such as a newer copy of it, knows nothing about the one that other copies use.
  if (meter === undefined && isFirstLook) return binding.meter;
  const registered = meter === undefined ? undefined : provider;
  if (registered !== binding.provider) bind(registered, meter);
  return binding.meter;
}

function bind(provider: unknown, meter: Meter | undefined): void {
  guarded('the meter provider that was replaced still reads the counters', binding.stopReporting);
  binding.stopReporting = () => {};
  binding.provider = provider;
  binding.meter = meter;
  for (const table of binding.recording) table.bind(meter);
  for (const table of binding.collected) table.startAnew();
  binding.instruments.clear();
  if (meter !== undefined) attach(meter);
}

/** Reads every table at every collection of this meter's provider. */
function attach(meter: Meter): void {
  const { collected, instruments } = binding;
  guarded('the meter provider does not take the counters', () => {
    binding.stopReporting();
    for (const table of collected) if (!instruments.has(table)) instruments.set(table, table.createInstrument(meter));
    const observables = [...instruments.values()];
    meter.addBatchObservableCallback(report, observables);
    binding.stopReporting = () => meter.removeBatchObservableCallback(report, observables);
  });
}

const report: BatchObservableCallback = (result) => {
  for (const refresh of binding.refreshers) guarded('a value cannot be read', refresh);
  for (const [table, instrument] of binding.instruments) {
    for (const [value, attributes] of table.read()) result.observe(instrument, value, attributes);
  }
};
