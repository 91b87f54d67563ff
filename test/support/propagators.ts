/** Propagators that write the headers of other formats, as their packages do. */
import { type SpanContext, type TextMapPropagator, trace } from '@opentelemetry/api';

interface Format {
  readonly fields: readonly string[];
  write(span: SpanContext): readonly string[];
  read(headers: readonly (string | undefined)[]): readonly (string | undefined)[];
}

function propagatorOf({ fields, write, read }: Format): TextMapPropagator {
  return {
    fields: () => [...fields],
    inject(context, carrier, setter) {
      const span = trace.getSpanContext(context);
      if (span === undefined) return;
      for (const [i, value] of write(span).entries()) setter.set(carrier, fields[i] as string, value);
    },
    extract(context, carrier, getter) {
      const headers = fields.map((field) => [getter.get(carrier, field)].flat()[0]);
      const [traceId, spanId] = read(headers);
      if (traceId === undefined || spanId === undefined) return context;
      return trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
  };
}

export const b3 = propagatorOf({
  fields: ['b3'],
  write: ({ traceId, spanId }) => [`${traceId}-${spanId}-1`],
  read: ([header]) => header?.split('-') ?? [],
});

export const b3Headers = propagatorOf({
  fields: ['x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled'],
  write: ({ traceId, spanId }) => [traceId, spanId, '1'],
  read: ([traceId, spanId]) => [traceId, spanId],
});

export const jaeger = propagatorOf({
  fields: ['uber-trace-id'],
  write: ({ traceId, spanId }) => [`${traceId}:${spanId}:0:01`],
  read: ([header]) => header?.split(':') ?? [],
});

const fail = () => {
  throw new Error('broken');
};
export const broken: TextMapPropagator = { fields: fail, inject: fail, extract: fail };
