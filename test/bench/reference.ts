/** What one writes by hand with OpenTelemetry: an active span, a counter, a histogram, with the same attributes. */
import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { DURATION_BOUNDS } from '../../views/buckets.js';

const tracer = trace.getTracer('by-hand');
const meter = metrics.getMeter('by-hand');
const executions = meter.createCounter('by_hand_executions_total');
const duration = meter.createHistogram('by_hand_duration_seconds', {
  unit: 's',
  advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] },
});

type Work<In> = (input: In) => Promise<unknown>;

/** Span, counter and histogram around `work`. */
export function byHand<In>(type: string, name: string, work: Work<In>): Work<In> {
  return (input) =>
    tracer.startActiveSpan(
      `${type} ${name}`,
      { attributes: { primitive_type: type, primitive_name: name } },
      async (span) => {
        const startedAt = performance.now();
        let status = 'success';
        try {
          return await work(input);
        } catch (error) {
          status = 'failure';
          span.recordException(error as Error);
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          executions.add(1, { primitive_type: type, primitive_name: name, status });
          duration.record((performance.now() - startedAt) / 1_000, { primitive_type: type });
          span.end();
        }
      },
    );
}

/** Nothing but the span. */
export function bareSpan<In>(name: string, work: Work<In>): Work<In> {
  return (input) =>
    tracer.startActiveSpan(name, async (span) => {
      try {
        return await work(input);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
}
