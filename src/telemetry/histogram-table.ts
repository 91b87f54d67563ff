import type { Attributes, Context, Histogram, MetricOptions } from '@opentelemetry/api';
import { processWide } from '../platform/process-wide.ts';
import { guarded, reportInternal } from './guard.ts';
import { LabelSets } from './label-sets.ts';
import { addRecording } from './meter.ts';
import type { InstrumentName } from './semconv.ts';
import { type InstrumentOptions, idOf, overflow } from './series-table.ts';

/** What the copies of this package share of one histogram. */
interface Recording {
  readonly sets: LabelSets<Attributes>;
  readonly overflowed: Set<Attributes>;
  histogram: Histogram | undefined;
}

/** A histogram of seconds and its label sets. `record` does nothing while no provider is registered. */
export class HistogramTable {
  readonly #name: InstrumentName;
  readonly #recording: Recording;

  constructor(name: InstrumentName, { fixed = {}, ...options }: InstrumentOptions, keys: readonly string[]) {
    this.#name = name;
    this.#recording = processWide(idOf(name, keys, fixed), () => createRecording(name, options, keys, fixed));
  }

  labels(...values: string[]): Attributes {
    return this.#recording.sets.get(values);
  }

  /** The same labels with one more attribute, which the views drop. Make few of them: no limit applies to them. */
  labelsWith(labels: Attributes, key: string, value: string): Attributes {
    const { overflowed } = this.#recording;
    const more = Object.freeze({ ...labels, [key]: value });
    if (overflowed.has(labels)) overflowed.add(more);
    return more;
  }

  record(seconds: number, labels: Attributes, context: Context): void {
    const { overflowed, histogram } = this.#recording;
    if (overflowed.size > 0 && overflowed.has(labels)) overflow.series(this.#name).value += 1;
    // One NaN from a broken clock would make the sum of all durations NaN.
    if (!(seconds >= 0)) return;
    try {
      histogram?.record(seconds, labels, context);
    } catch (error) {
      reportInternal(`a measurement of ${this.#name} is lost`, error);
    }
  }
}

function createRecording(
  name: InstrumentName,
  options: MetricOptions,
  keys: readonly string[],
  fixed: Attributes,
): Recording {
  const overflowed = new Set<Attributes>();
  const sets = new LabelSets<Attributes>(keys, fixed, (attributes, isOverflow) => {
    if (isOverflow) overflowed.add(attributes);
    return attributes;
  });
  const recording: Recording = { sets, overflowed, histogram: undefined };
  addRecording({
    bind(meter) {
      recording.histogram = undefined;
      guarded(`there is no ${name}`, () => {
        recording.histogram = meter?.createHistogram(name, options);
      });
    },
  });
  return recording;
}
