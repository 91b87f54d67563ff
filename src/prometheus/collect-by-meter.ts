/** The SDK's own collection, which gives what a meter has measured when all meters have given it, meter by meter. */
import type { HrTime } from '@opentelemetry/api';
import type { CollectionResult, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { systemClock } from '../platform/clock.ts';
import { hrTimeOf } from './sdk-values.ts';

type Options = Parameters<MetricProducer['collect']>[0];
/** What this file uses of the SDK's inside, which is the same from 2.0 to 3.1. */
interface State {
  readonly resource: CollectionResult['resourceMetrics']['resource'];
  readonly meterSharedStates: ReadonlyMap<string, MeterState>;
}
interface MeterState {
  collect(producer: MetricProducer, at: HrTime, options?: Options): Promise<MeterResult | null>;
}
interface MeterResult {
  readonly scopeMetrics?: ScopeMetrics;
  readonly errors?: readonly unknown[];
}

/** @param taken gets the metrics; the result has those that are in it at the end */
export async function collectByMeter(
  producer: MetricProducer,
  taken: ScopeMetrics[],
  options?: Options,
): Promise<CollectionResult> {
  const { _sharedState: state } = producer as unknown as { readonly _sharedState?: Partial<State> };
  const meters = [...(state?.meterSharedStates?.values() ?? [])];
  if (state?.resource === undefined || meters.some(({ collect }) => typeof collect !== 'function')) {
    return producer.collect(options);
  }
  const at = hrTimeOf(systemClock.date());
  const errors: unknown[] = [];
  await Promise.all(
    meters.map(async (meter) => {
      const result = await meter.collect(producer, at, options);
      if (result?.scopeMetrics != null) taken.push(result.scopeMetrics);
      errors.push(...(result?.errors ?? []));
    }),
  );
  return { resourceMetrics: { resource: state.resource, scopeMetrics: taken }, errors };
}
