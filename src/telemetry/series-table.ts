/**
 * Counters and gauges. A count costs one addition.
 *
 * Every counter is a table of series: plain cells that primitives look up once, when they are built, and add to
 * while they run. One observable instrument per table reads the cells at each collection. Therefore a series is 0
 * before its first event, a primitive that is built before the SDK is counted, and the number of series has a limit
 * that the SDK cannot exceed. Durations need a histogram, which records one value at a time: see `histogram-table.ts`.
 *
 * An attribute that no view keeps as a label must have one value per set of labels: when two observed series become
 * one, the SDK keeps only the last. Histograms add such series up.
 */
import type { Attributes, Meter, MetricOptions, Observable } from '@opentelemetry/api';
import { growth, type Sum } from '../ledger/money.ts';
import { processWide } from '../platform/process-wide.ts';
import type { KeptExemplar } from './exemplars.ts';
import { LabelSets } from './label-sets.ts';
import { addCollected } from './meter.ts';
import { ATTR, INSTRUMENT, type InstrumentName } from './semconv.ts';

/** One series of a table. Add to the `value` of a counter, and never lower it; set the `value` of a gauge. */
export interface Series {
  value: number;
  /** What rounding has added too much: see the ledger's `addTo`. */
  rest?: number | undefined;
  /** An addition, by its trace: see `nextExemplar`. */
  exemplar?: KeptExemplar | undefined;
  readonly attributes: Attributes;
}

interface Cell extends Series {
  /** What it was when the current provider was registered: the provider gets only the difference to it. */
  baseline: Readonly<Sum>;
}

const NOTHING: Readonly<Sum> = Object.freeze({ value: 0 });

type Kind = 'counter' | 'upDownCounter' | 'gauge';

/** The unit of an instrument, and the attributes that all of its series share. The views have its description. */
export interface InstrumentOptions extends Pick<MetricOptions, 'unit' | 'advice'> {
  readonly fixed?: Attributes;
}

/** Tables with the same labels are one table in all copies of this package. */
export function idOf(name: InstrumentName, keys: readonly string[], fixed: Attributes): string {
  return JSON.stringify([name, keys, fixed]);
}

/** A counter or a gauge: its series by their label values. */
export class SeriesTable {
  readonly #name: InstrumentName;
  readonly #kind: Kind;
  readonly #options: MetricOptions;
  /** Those of the first copy of this package: the SDK reads only that copy's table. */
  readonly cells: LabelSets<Cell>;

  constructor(
    name: InstrumentName,
    kind: Kind,
    { fixed = {}, ...options }: InstrumentOptions,
    keys: readonly string[],
  ) {
    this.#name = name;
    this.#kind = kind;
    this.#options = options;
    const first = processWide<SeriesTable>(idOf(name, keys, fixed), () => this);
    this.cells =
      first === this
        ? new LabelSets(keys, fixed, (attributes, overflow) =>
            overflow ? new OverflowCell(attributes, this.#name) : { value: 0, baseline: NOTHING, attributes },
          )
        : first.cells;
    if (first === this) addCollected(this);
  }

  /** The series with these label values, which are in the order of the table's keys. A new series is 0. */
  series(...values: string[]): Series {
    return this.cells.get(values);
  }

  createInstrument(meter: Meter): Observable {
    if (this.#kind === 'counter') return meter.createObservableCounter(this.#name, this.#options);
    if (this.#kind === 'gauge') return meter.createObservableGauge(this.#name, this.#options);
    return meter.createObservableUpDownCounter(this.#name, this.#options);
  }

  /** Counters start at 0 under a new provider. Other values, such as running executions, stay as they are. */
  startAnew(): void {
    for (const cell of this.cells) {
      const { value, rest } = cell;
      cell.baseline = this.#kind === 'counter' ? { value, rest } : NOTHING;
    }
  }

  *read(): Iterable<[value: number, attributes: Attributes]> {
    for (const cell of this.cells) yield [growth(cell, cell.baseline), cell.attributes];
  }

  *exemplars(): Iterable<KeptExemplar> {
    for (const { exemplar } of this.cells) if (exemplar !== undefined) yield exemplar;
  }
}

/** The measurements that went to an overflow series, by instrument. */
export const overflow = new SeriesTable(INSTRUMENT.seriesOverflow, 'counter', { unit: '{measurement}' }, [
  ATTR.instrument,
]);

/** The overflow series. It also counts the measurements that it gets. */
class OverflowCell implements Cell {
  baseline: Cell['baseline'] = NOTHING;
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
