/** The answers of Jaeger's `/api/v3`, which are OTLP in JSON. */
export type Value = string | number | boolean | readonly Value[];
export type Values = Readonly<Record<string, Value>>;

/** A span in one form, whatever answered it: numbers are numbers, times are nanoseconds as text. */
export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: string;
  readonly end: string;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Values;
  readonly events: readonly { readonly name: string; readonly time: string; readonly attributes: Values }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Values }[];
  readonly resource: Values;
  readonly scope: string;
}

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly intValue?: string;
    readonly doubleValue?: number;
    readonly arrayValue?: { readonly values?: readonly KeyValue['value'][] };
  };
}
interface Attributed {
  readonly attributes?: readonly KeyValue[];
}
export interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: Attributed;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly (Attributed & {
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly name: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status?: { readonly code?: number; readonly message?: string };
        readonly events?: readonly (Attributed & { readonly name: string; readonly timeUnixNano: string })[];
        readonly links?: readonly (Attributed & { readonly traceId: string; readonly spanId: string })[];
      })[];
    }[];
  }[];
}

function plainValue({ stringValue, boolValue, intValue, doubleValue, arrayValue }: KeyValue['value']): Value {
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map(plainValue);
  return boolValue ?? doubleValue ?? (intValue === undefined ? (stringValue ?? '') : Number(intValue));
}

/** Jaeger's own, for instance that a span began before its parent. */
const REMARKS = '@jaeger@warnings';

const valuesOf = ({ attributes = [] }: Attributed): Values =>
  Object.fromEntries(attributes.filter(({ key }) => key !== REMARKS).map(({ key, value }) => [key, plainValue(value)]));

export function storedSpans({ resourceSpans }: OtlpTraces): StoredSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        kind: span.kind,
        start: span.startTimeUnixNano,
        end: span.endTimeUnixNano,
        status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
        attributes: valuesOf(span),
        events: (span.events ?? []).map((event) => ({
          name: event.name,
          time: event.timeUnixNano,
          attributes: valuesOf(event),
        })),
        links: (span.links ?? []).map((link) => ({
          traceId: link.traceId,
          spanId: link.spanId,
          attributes: valuesOf(link),
        })),
        resource: valuesOf(resource),
        scope: scope.name,
      })),
    ),
  );
}
