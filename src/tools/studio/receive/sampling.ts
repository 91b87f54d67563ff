/** Whether a span says that only a share of the traces is sent. */
import type { StudioSpan } from '../model/span.ts';

/**
 * OpenTelemetry's samplers write a threshold into the trace state, above which a trace is kept: `ot=th:8` is a half, and
 * `th:0` is all. https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
const THRESHOLD = /(?:^|,)\s*ot=[^,]*\bth:(?!0*(?:[;,\s]|$))[\da-f]{1,14}\b/;

/** Nothing else says it of each span. Our SDK and a few others do, in an attribute of their own. */
export function isSampled({ attributes, resource }: StudioSpan, traceState: unknown): boolean {
  return (
    (typeof traceState === 'string' && THRESHOLD.test(traceState.slice(0, 512))) ||
    isShare(resource['tta.sampling.ratio']) ||
    // Jaeger's clients, on the root.
    (attributes['sampler.type'] === 'probabilistic' && isShare(attributes['sampler.param'])) ||
    // Honeycomb's: one of so many.
    Number(attributes.SampleRate) > 1
  );
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value < 1;
}
