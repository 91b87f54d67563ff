import type { Attributes, Histogram, MetricOptions } from '@opentelemetry/api';
import { processWide } from '../platform/process-wide.ts';
import { Exemplars } from './exemplars.ts';
import { guarded, reportInternal } from './guard.ts';
import { LabelSets } from './label-sets.ts';
import type { Measured } from './measured.ts';
import { addRecording } from './meter.ts';
import type { InstrumentName } from './semconv.ts';
import { type InstrumentOptions, idOf, overflow } from './series-table.ts';

/** What the copies of this package share of one histogram. */
interface Recording {
  readonly name: InstrumentName;
  readonly sets: LabelSets<DurationSeries>;
  histogram: Histogram | undefined;
}

/** A histogram of seconds: its series by their label values. */
export class HistogramTable {
  readonly #recording: Recording;

  constructor(name: InstrumentName, { fixed = {}, ...options }: InstrumentOptions, keys: readonly string[]) {
    this.#recording = processWide(idOf(name, keys, fixed), () => createRecording(name, options, keys, fixed));
  }

  /** The series with these label values, which are in the order of the table's keys. */
  series(...values: string[]): DurationSeries {
    return this.#recording.sets.get(values);
  }
}

/** One set of labels of a histogram. `record` does nothing while no provider is registered. */
export class DurationSeries {
  readonly attributes: Attributes;
  readonly exemplars: Exemplars;
  readonly #recording: Recording;
  readonly #isOverflow: boolean;

  constructor(recording: Recording, attributes: Attributes, isOverflow: boolean, exemplars = new Exemplars()) {
    this.#recording = recording;
    this.attributes = attributes;
    this.#isOverflow = isOverflow;
    this.exemplars = exemplars;
  }

  /** The same labels with one more attribute, which the views drop. Make few of them: no limit applies to them. */
  with(key: string, value: string): DurationSeries {
    const attributes = Object.freeze({ ...this.attributes, [key]: value });
    return new DurationSeries(this.#recording, attributes, this.#isOverflow, this.exemplars);
  }

  record(seconds: number, work: Measured): void {
    const { name, histogram } = this.#recording;
    if (this.#isOverflow) overflow.series(name).value += 1;
    // One NaN from a broken clock would make the sum of all durations NaN.
    if (!(seconds >= 0)) return;
    try {
      histogram?.record(seconds, this.attributes, work.context);
    } catch (error) {
      reportInternal(`a measurement of ${name} is lost`, error);
    }
    this.exemplars.note(seconds, this.attributes, work);
  }
}

function createRecording(
  name: InstrumentName,
  options: MetricOptions,
  keys: readonly string[],
  fixed: Attributes,
): Recording {
  const all: DurationSeries[] = [];
  const sets = new LabelSets<DurationSeries>(keys, fixed, (attributes, isOverflow) => {
    const made = new DurationSeries(recording, attributes, isOverflow);
    all.push(made);
    return made;
  });
  const recording: Recording = { name, sets, histogram: undefined };
  addRecording({
    bind(meter) {
      recording.histogram = undefined;
      guarded(`there is no ${name}`, () => {
        recording.histogram = meter?.createHistogram(name, options);
      });
    },
    own: () => ({
      instrument: recording.histogram,
      series: all,
      *exemplars() {
        for (const { exemplars } of all) yield* exemplars;
      },
    }),
  });
  return recording;
}
