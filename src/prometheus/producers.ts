/** Sources of metrics as the exporter asks them: what a foreign one throws costs its own metrics only. */
import type { CollectionResult, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { foreignMessage } from '../platform/foreign-text.ts';
import { readProperty } from '../platform/read-property.ts';
import { collectByMeter } from './collect-by-meter.ts';
import { withDeadline } from './with-deadline.ts';

/** Called with everything that a source or a callback of an observable instrument throws. */
export type OnError = (error: unknown) => void;

/**
 * The SDK itself. Its errors are those of callbacks: any value can be thrown, and the SDK reads the name of the first.
 *
 * @param taken gets what each meter gives as soon as it has given it: the SDK has it no more, and another meter may wait long
 * for its callbacks
 */
export function sdkProducer(producer: MetricProducer, taken: ScopeMetrics[], onError: OnError): MetricProducer {
  return {
    async collect(options) {
      const { resourceMetrics, errors } = await collectByMeter(producer, taken, options);
      for (const error of errors) onError(error);
      return { resourceMetrics, errors: errors.map(namedError) };
    },
  };
}

/** A source beside the SDK. One that fails or does not answer in time has nothing to report. */
export function otherProducer(producer: MetricProducer, onError: OnError): MetricProducer {
  return {
    async collect(options) {
      try {
        const collected = withDeadline(options?.timeoutMillis, async () => producer.collect(options));
        const { resourceMetrics, errors } = await collected;
        for (const error of errors) onError(error);
        return {
          resourceMetrics: { ...resourceMetrics, scopeMetrics: [...resourceMetrics.scopeMetrics] },
          errors: errors.map(namedError),
        };
      } catch (error) {
        onError(error);
        return { resourceMetrics: { scopeMetrics: [] }, errors: [namedError(error)] } as unknown as CollectionResult;
      }
    },
  };
}

function namedError(error: unknown): unknown {
  return typeof readProperty(error, 'name') === 'string' ? error : new Error(foreignMessage(error), { cause: error });
}
