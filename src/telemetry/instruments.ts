/**
 * The instruments, and how values reach them at the price of an addition.
 *
 * Every counter is a table of series: plain cells that primitives look up once, when they are built, and add to
 * while they run. One observable instrument per table reads the cells when somebody collects. That is why a series
 * stands at 0 before its first event, why a primitive built before the SDK is counted, and where a ceiling on the
 * number of series really holds. Durations need a histogram, which the API can only feed one value at a time.
 *
 * Instruments belong to a provider. `currentMeter` looks which provider is registered now and, when that has changed,
 * makes them anew there: the API's metrics have no proxy, an instrument made before the SDK would stay a no-op for ever.
 */
import {
  type Attributes,
  type BatchObservableCallback,
  type Context,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MetricOptions,
  metrics,
  type Observable,
} from '@opentelemetry/api';
import { guarded, reportInternal } from './guard.ts';
import { ATTR, INSTRUMENT, type InstrumentName, MAX_SERIES, OTHER, SCOPE } from './semconv.ts';

/** How many characters of an author's name reach telemetry. */
const MAX_LABEL_LENGTH = 256;

/** One line of a table. Add to a counter's `value` and never set it back; set a gauge's. */
export interface Series {
  value: number;
  readonly attributes: Attributes;
}

interface Cell extends Series {
  /** What `value` was when the current provider arrived: it is told only what happened since. */
  baseline: number;
}

type Kind = 'counter' | 'upDownCounter' | 'gauge';

/** An author's word as telemetry shows it: bounded, and valid Unicode. */
export function labelValue(value: string): string {
  const bounded = value.length > MAX_LABEL_LENGTH ? `${value.slice(0, MAX_LABEL_LENGTH - 1)}…` : value;
  return bounded.toWellFormed();
}

/** The sets of label values of one instrument, each given out once, never more than `MAX_SERIES`. */
class LabelSets<T> {
  readonly #known = new Map<string, T>();
  readonly #keys: readonly string[];
  readonly #make: (attributes: Attributes, overflow: boolean) => T;
  #overflow: T | undefined;

  constructor(keys: readonly string[], make: (attributes: Attributes, overflow: boolean) => T) {
    this.#keys = keys;
    this.#make = make;
  }

  get(values: readonly string[]): T {
    const bounded = values.map(labelValue);
    // No separator, for whatever it is a name may hold it.
    const key = bounded.length === 1 ? (bounded[0] as string) : JSON.stringify(bounded);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // An author's own `__other__` must not become a second series of that name: a reader keeps only one of them.
    const isOther = bounded.length > 0 && bounded.every((value) => value === OTHER);
    if (isOther || this.#known.size >= MAX_SERIES - 1) {
      this.#overflow ??= this.#make(this.#attributes(this.#keys.map(() => OTHER)), true);
      return this.#overflow;
    }
    const made = this.#make(this.#attributes(bounded), false);
    this.#known.set(key, made);
    return made;
  }

  /** Frozen because the SDK keeps the object itself, not a copy. */
  #attributes(values: readonly string[]): Attributes {
    return Object.freeze(Object.fromEntries(this.#keys.map((key, i) => [key, values[i]])));
  }

  *[Symbol.iterator](): Iterator<T> {
    yield* this.#known.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }
}

let boundProvider: unknown;
let boundMeter: Meter | undefined;
let release = () => {};
/** The tables' instruments in the provider that is bound. */
const instruments = new Map<SeriesTable, Observable>();
const tables: SeriesTable[] = [];

/** Late tables join too: a program may load the primitives when the SDK is registered already. */
export class SeriesTable {
  readonly #name: InstrumentName;
  readonly #kind: Kind;
  readonly #options: MetricOptions;
  readonly #cells: LabelSets<Cell>;

  constructor(name: InstrumentName, kind: Kind, options: MetricOptions, keys: readonly string[]) {
    this.#name = name;
    this.#kind = kind;
    this.#options = options;
    this.#cells = new LabelSets(keys, (attributes, overflow) =>
      overflow ? new OverflowCell(attributes, this.#name) : { value: 0, baseline: 0, attributes },
    );
    tables.push(this);
    if (boundMeter !== undefined) attach(boundMeter);
  }

  /** The series with these label values, in the order of the table's keys; made at 0 when it is new. */
  series(...values: string[]): Series {
    return this.#cells.get(values);
  }

  create(meter: Meter): Observable {
    if (this.#kind === 'counter') return meter.createObservableCounter(this.#name, this.#options);
    if (this.#kind === 'gauge') return meter.createObservableGauge(this.#name, this.#options);
    return meter.createObservableUpDownCounter(this.#name, this.#options);
  }

  /** Counters start at 0 under a new provider; what is in flight or in force is told as it is. */
  rebase(): void {
    for (const cell of this.#cells) cell.baseline = this.#kind === 'counter' ? cell.value : 0;
  }

  *read(): Iterable<[value: number, attributes: Attributes]> {
    for (const cell of this.#cells) yield [cell.value - cell.baseline, cell.attributes];
  }
}

const histograms: HistogramTable[] = [];

/** A histogram and its label sets. `record` does nothing while no provider is registered. */
export class HistogramTable {
  readonly #name: InstrumentName;
  readonly #options: MetricOptions;
  readonly #sets: LabelSets<Attributes>;
  readonly #overflowed = new Set<Attributes>();
  #histogram: Histogram | undefined;

  constructor(name: InstrumentName, options: MetricOptions, keys: readonly string[]) {
    this.#name = name;
    this.#options = options;
    this.#sets = new LabelSets(keys, (attributes, overflow) => {
      if (overflow) this.#overflowed.add(attributes);
      return attributes;
    });
    histograms.push(this);
    this.bind(boundMeter);
  }

  labels(...values: string[]): Attributes {
    return this.#sets.get(values);
  }

  record(seconds: number, labels: Attributes, context: Context): void {
    if (this.#overflowed.size > 0 && this.#overflowed.has(labels)) overflow.series(this.#name).value += 1;
    // What a clock that is none has measured would make the sum of all durations none.
    if (!(seconds >= 0)) return;
    try {
      this.#histogram?.record(seconds, labels, context);
    } catch (error) {
      reportInternal(`a measurement of ${this.#name} is lost`, error);
    }
  }

  bind(meter: Meter | undefined): void {
    this.#histogram = undefined;
    guarded(`there is no ${this.#name}`, () => {
      this.#histogram = meter?.createHistogram(this.#name, this.#options);
    });
  }
}

const overflow = new SeriesTable(
  INSTRUMENT.seriesOverflow,
  'counter',
  { description: 'Measurements that went to the overflow series because their instrument held its most series' },
  [ATTR.instrument],
);

const spansLost = new SeriesTable(
  INSTRUMENT.spansLost,
  'counter',
  { description: 'Spans that ended but were never delivered', unit: '{span}' },
  [ATTR.lossReason],
);

/** The count of spans lost for one reason; a closed set of words. */
export function lostSpans(reason: 'queue_full' | 'export_failed' | 'shutdown' | 'instrumentation_error'): Series {
  return spansLost.series(reason);
}

/** Takes what found no series of its own, and counts each time it happens. */
class OverflowCell implements Cell {
  baseline = 0;
  readonly attributes: Attributes;
  readonly #count: Series;
  #value = 0;

  constructor(attributes: Attributes, instrument: InstrumentName) {
    this.attributes = attributes;
    this.#count = overflow.series(instrument);
  }

  get value(): number {
    return this.#value;
  }

  set value(next: number) {
    this.#value = next;
    this.#count.value += 1;
  }
}

const refreshers = new Set<() => void>();

/** Calls `refresh` before every collection, for values that are read and not counted. Returns how to stop. */
export function beforeCollection(refresh: () => void): () => void {
  refreshers.add(refresh);
  return () => refreshers.delete(refresh);
}

/** The meter of the provider registered now, with all instruments made there; `undefined` when there is none. */
export function currentMeter(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (provider === boundProvider) return boundMeter;
  guarded('the meter provider that was replaced goes on reading', release);
  release = () => {};
  boundProvider = provider;
  boundMeter = undefined;
  guarded('the meter provider gives no meter', () => {
    const meter = provider.getMeter(SCOPE);
    if (meter !== createNoopMeter()) boundMeter = meter;
  });
  for (const histogram of histograms) histogram.bind(boundMeter);
  for (const table of tables) table.rebase();
  instruments.clear();
  if (boundMeter !== undefined) attach(boundMeter);
  return boundMeter;
}

/** Has every table read at every collection of this meter's provider. */
function attach(meter: Meter): void {
  guarded('the meter provider does not take the counters', () => {
    release();
    for (const table of tables) if (!instruments.has(table)) instruments.set(table, table.create(meter));
    const observables = [...instruments.values()];
    meter.addBatchObservableCallback(report, observables);
    release = () => meter.removeBatchObservableCallback(report, observables);
  });
}

const report: BatchObservableCallback = (result) => {
  for (const refresh of refreshers) guarded('a value cannot be read', refresh);
  for (const [table, instrument] of instruments) {
    for (const [value, attributes] of table.read()) result.observe(instrument, value, attributes);
  }
};
