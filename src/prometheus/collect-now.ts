/**
 * Collects without a promise, for a process that exits: nothing asynchronous runs any more, and the SDK has no other way.
 * It does what the SDK's own collection does, on the SDK's own storages. Where a version of the SDK has other ones,
 * nothing is collected, and the table has what it had.
 */
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { MetricData, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { hrTimeOf } from './sdk-values.ts';

/** What this file uses of the SDK's inside, which is the same from 2.0 to 3.1. */
interface Storage {
  collect(collector: unknown, at: HrTime): MetricData | undefined;
}
interface AsyncStorage extends Storage {
  record(measurements: Pick<Map<Attributes, number>, 'entries'>, at: HrTime): void;
}
interface Instrument {
  readonly _metricStorages: Iterable<AsyncStorage>;
}
type Observe = (value: number, attributes?: Attributes) => void;
type ObserveOne = (instrument: Instrument, value: number, attributes?: Attributes) => void;
interface MeterState {
  readonly _instrumentationScope: ScopeMetrics['scope'];
  readonly metricStorageRegistry: { getStorages(collector: unknown): Iterable<Storage> };
  readonly observableRegistry: {
    readonly _callbacks: Iterable<{ callback(result: { observe: Observe }): unknown; instrument: Instrument }>;
    readonly _batchCallbacks: Iterable<{
      callback(result: { observe: ObserveOne }): unknown;
      instruments: ReadonlySet<Instrument>;
    }>;
  };
}

/** Never throws. @param onError called with what callbacks throw */
export function collectNow(producer: MetricProducer | undefined, onError: (error: unknown) => void): ScopeMetrics[] {
  const at = hrTimeOf(systemClock.date());
  const collected: ScopeMetrics[] = [];
  try {
    const { _sharedState } = producer as unknown as { _sharedState: { meterSharedStates: Map<string, MeterState> } };
    for (const meter of _sharedState.meterSharedStates.values()) {
      observe(meter, at, onError);
      const storages = [...meter.metricStorageRegistry.getStorages(producer)];
      const metrics = storages.map((storage) => storage.collect(producer, at)).filter((metric) => metric !== undefined);
      collected.push({ scope: meter._instrumentationScope, metrics });
    }
  } catch (error) {
    onError(error);
  }
  return collected;
}

function observe({ observableRegistry }: MeterState, at: HrTime, onError: (error: unknown) => void): void {
  const { _callbacks, _batchCallbacks } = observableRegistry;
  for (const { callback, instrument } of _callbacks) {
    call(new Set([instrument]), at, onError, (add) =>
      callback({ observe: (value, attributes) => add(instrument, value, attributes) }),
    );
  }
  for (const { callback, instruments } of _batchCallbacks) {
    call(instruments, at, onError, (add) => callback({ observe: add }));
  }
}

/** What a callback has observed when it returns is recorded. One that waits is not waited for. */
function call(
  instruments: ReadonlySet<Instrument>,
  at: HrTime,
  onError: (error: unknown) => void,
  callback: (add: ObserveOne) => unknown,
): void {
  const observed = new Map<Instrument, Map<Attributes, number>>();
  try {
    const waiting = callback((instrument, value, attributes = {}) => {
      if (!instruments.has(instrument) || typeof value !== 'number') return;
      const values = observed.get(instrument) ?? new Map<Attributes, number>();
      observed.set(instrument, values.set(attributes, value));
    });
    if (waiting instanceof Promise) waiting.catch(() => {});
    for (const [instrument, values] of observed) {
      for (const storage of instrument._metricStorages) storage.record(values, at);
    }
  } catch (error) {
    onError(error);
  }
}
