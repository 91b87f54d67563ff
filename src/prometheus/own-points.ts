/**
 * What an SDK does not report of our own instruments: histograms that have measured nothing yet, and exemplars. They are
 * points of 0, which add nothing to what the SDK reports. Which metrics and labels they belong to is read from the SDK,
 * from the storages that its views have made for an instrument. Those are internal: where they are not as expected, there
 * are no such points, and all else is the same.
 */
import { type Attributes, type Context, type HrTime, ROOT_CONTEXT } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { type Exemplar, takeExemplars, wantExemplars } from '../telemetry/exemplars.ts';
import { currentMeter, ownInstruments } from '../telemetry/meter.ts';
import { DATA_POINT, hrTimeOf, TEMPORALITY } from './sdk-values.ts';

/** The series that one view makes of an instrument. */
interface Storage {
  readonly _instrumentDescriptor: MetricData['descriptor'];
  readonly _attributesProcessor?: { process(attributes: Attributes, context: Context): Attributes };
  readonly _deltaMetricStorage: { readonly _aggregator: Aggregator };
}

interface Aggregator {
  createAccumulation(startTime: HrTime): unknown;
  toMetricData(
    descriptor: MetricData['descriptor'],
    temporality: number,
    accumulations: readonly (readonly [Attributes, unknown])[],
    endTime: HrTime,
  ): MetricData | undefined;
}

/** What a provider has of the meter of one scope. */
interface MeterState {
  readonly meter: unknown;
  readonly _instrumentationScope: InstrumentationScope;
  readonly metricStorageRegistry: { getStorages(producer: MetricProducer): readonly Storage[] };
}

interface OwnPoint {
  readonly attributes: Attributes;
  readonly exemplar?: Exemplar;
}

export class OwnPoints {
  readonly #producer: MetricProducer;
  readonly #exemplars: boolean;
  /** How many series of an instrument have been given. */
  readonly #given = new WeakMap<object, number>();
  /** The number of the last exemplar that was given. Those from before are of another provider's measurements. */
  #lastExemplar = takeExemplars();

  /** @param producer that of the reader: its provider's collections */
  constructor(producer: MetricProducer, options: { readonly exemplars: boolean }) {
    this.#producer = producer;
    this.#exemplars = options.exemplars;
    if (options.exemplars) wantExemplars();
  }

  /** The points that are new since the last call. Never throws. */
  take(): ScopeMetrics[] {
    try {
      const state = meterState(this.#producer);
      return state === undefined ? [] : [{ scope: state._instrumentationScope, metrics: [...this.#metrics(state)] }];
    } catch {
      return [];
    }
  }

  *#metrics({ metricStorageRegistry }: MeterState): Iterable<MetricData> {
    const read = new Set(metricStorageRegistry.getStorages(this.#producer));
    const known = this.#lastExemplar;
    if (this.#exemplars) this.#lastExemplar = takeExemplars();
    for (const { instrument, series, exemplars } of ownInstruments()) {
      const storages = storagesOf(instrument).filter((storage) => read.has(storage));
      if (storages.length === 0) continue;
      const points: OwnPoint[] = series.slice(this.#given.get(instrument as object));
      this.#given.set(instrument as object, series.length);
      if (this.#lastExemplar > known) {
        for (const { attributes, exemplar, number } of exemplars())
          if (number > known) points.push({ attributes, exemplar });
      }
      if (points.length > 0) yield* storages.flatMap((storage) => metricsOf(storage, points));
    }
  }
}

/** `undefined` for a provider other than the one that our instruments are in. */
function meterState(producer: MetricProducer): MeterState | undefined {
  const meter = currentMeter();
  const { _sharedState } = producer as unknown as {
    _sharedState?: { meterSharedStates?: ReadonlyMap<string, MeterState> };
  };
  return [...(_sharedState?.meterSharedStates?.values() ?? [])].find((state) => state.meter === meter);
}

function storagesOf(instrument: unknown): readonly Storage[] {
  const { _writableMetricStorage: written, _metricStorages: observed } = (instrument ?? {}) as {
    _writableMetricStorage?: Storage & { readonly _backingStorages?: readonly Storage[] };
    _metricStorages?: readonly Storage[];
  };
  if (written !== undefined) return written._backingStorages ?? [written];
  return observed ?? [];
}

/** One metric, or none. Views have code of the program, which can throw. */
function metricsOf(storage: Storage, points: readonly OwnPoint[]): MetricData[] {
  try {
    return [metricOf(storage, points)].filter((metric) => metric !== undefined);
  } catch {
    return [];
  }
}

function metricOf(storage: Storage, points: readonly OwnPoint[]): MetricData | undefined {
  const { _instrumentDescriptor: descriptor, _attributesProcessor: processor } = storage;
  const { _aggregator: aggregator } = storage._deltaMetricStorage;
  const now = hrTimeOf(systemClock.date());
  const accumulations = points.map(
    ({ attributes }) =>
      [processor?.process(attributes, ROOT_CONTEXT) ?? attributes, aggregator.createAccumulation(now)] as const,
  );
  const metric = aggregator.toMetricData(descriptor, TEMPORALITY.delta, accumulations, now);
  if (metric === undefined || !isAddable(metric)) return undefined;
  const dataPoints = metric.dataPoints.map((point, i) => {
    const exemplar = points[i]?.exemplar;
    return exemplar === undefined ? point : { ...point, exemplars: [exemplar] };
  });
  return { ...metric, dataPoints } as MetricData;
}

/** A 0 that is added changes nothing; a gauge of 0 would replace the value. */
function isAddable({ dataPointType }: MetricData): boolean {
  return dataPointType !== DATA_POINT.gauge;
}
