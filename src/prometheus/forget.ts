/**
 * Makes the SDK forget what observable instruments do not observe any more. It keeps every set of labels for ever, and
 * above its limit it reports no new one: a gauge per connection would show nothing after some thousand connections. It
 * has no way to forget. Where its inside is not as expected, nothing is forgotten.
 */
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';

/** What this file uses of the SDK's inside, which is the same from 2.0 to 3.1. */
interface Accumulations {
  readonly size: number;
  entries(): Iterable<[attributes: unknown, accumulation: unknown, hash: string]>;
  has(attributes: unknown, hash: string): boolean;
  set(attributes: unknown, accumulation: unknown, hash: string): void;
}
interface Storage {
  readonly _instrumentDescriptor: MetricData['descriptor'];
  readonly _deltaMetricStorage: {
    readonly _aggregator: {
      toMetricData(descriptor: unknown, temporality: number, accumulations: [], at: unknown): MetricData | undefined;
    };
    /** What was observed last, of all sets of labels that ever were. */
    _cumulativeMemoStorage: Accumulations;
  };
  readonly _temporalMetricStorage: {
    readonly _unreportedAccumulations: ReadonlyMap<unknown, unknown>;
    readonly _reportHistory: ReadonlyMap<unknown, { readonly accumulations: Accumulations }>;
  };
}
interface MeterState {
  readonly _instrumentationScope: InstrumentationScope;
  readonly metricStorageRegistry: { getStorages(collector: unknown): Iterable<Storage> };
}

const DELTA = 0;

/**
 * To be called after a collection. Never throws.
 *
 * @param producer that of the reader
 * @param most of an instrument with fewer sets of labels, none is forgotten
 * @param forget forgets the same series of a metric, which has no points here; gives `false` where it may not
 */
export function forgetUnobserved(
  producer: MetricProducer | undefined,
  most: number,
  forget: (scope: InstrumentationScope, metric: MetricData) => boolean,
): void {
  try {
    const { _sharedState } = producer as unknown as { _sharedState: { meterSharedStates: Map<string, MeterState> } };
    for (const { _instrumentationScope: scope, metricStorageRegistry } of _sharedState.meterSharedStates.values()) {
      for (const storage of metricStorageRegistry.getStorages(producer)) forgetIn(storage, scope);
    }
  } catch {
    // It is as it was.
  }

  function forgetIn(storage: Storage, scope: InstrumentationScope): void {
    const { _deltaMetricStorage: delta, _temporalMetricStorage: temporal } = storage;
    const known = delta._cumulativeMemoStorage;
    const last = temporal._reportHistory.get(producer)?.accumulations;
    // Another reader would get the whole of a sum that it has already.
    const isShared = temporal._unreportedAccumulations.size > 1;
    if (known.size <= most || last === undefined || isShared) return;
    const kept = new (known.constructor as new () => Accumulations)();
    for (const [attributes, accumulation, hash] of known.entries()) {
      if (last.has(attributes, hash)) kept.set(attributes, accumulation, hash);
    }
    if (kept.size === known.size) return;
    const metric = delta._aggregator.toMetricData(storage._instrumentDescriptor, DELTA, [], [0, 0]);
    if (metric !== undefined && forget(scope, metric)) delta._cumulativeMemoStorage = kept;
  }
}
