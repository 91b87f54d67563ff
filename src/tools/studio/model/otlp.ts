/** Spans as an OTLP trace request in JSON, which every other program that shows traces can read. */
import type { Attributes, AttributeValue, SpanKind, SpanStatus, StudioSpan } from './span.ts';

const KINDS: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const STATUSES: Readonly<Record<SpanStatus, number>> = { unset: 0, ok: 1, error: 2 };
const IS_REMOTE = 0x300;
const IS_LOCAL = 0x100;

/** The request, with the spans of each resource and scope together. */
export function toOtlp(spans: Iterable<StudioSpan>): object {
  const resources = new Map<string, { readonly resource: Attributes; readonly scopes: Map<string, object[]> }>();
  for (const span of spans) {
    const key = JSON.stringify(span.resource);
    const { scopes } = entry(resources, key, () => ({ resource: span.resource, scopes: new Map<string, object[]>() }));
    entry(scopes, span.scope, () => []).push(spanOf(span));
  }
  return {
    resourceSpans: [...resources.values()].map(({ resource, scopes }) => ({
      resource: { attributes: fieldsOf(resource) },
      scopeSpans: [...scopes].map(([name, ofScope]) => ({ scope: { name }, spans: ofScope })),
    })),
  };
}

function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

function spanOf(span: StudioSpan): object {
  const start = BigInt(span.startUs) * 1_000n + BigInt(span.startRestNs);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
    ...(span.isParentRemote === undefined ? {} : { flags: span.isParentRemote ? IS_REMOTE : IS_LOCAL }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(span.durationNs)),
    attributes: fieldsOf(span.attributes),
    events: span.events.map(({ name, atUs, attributes }) => ({
      name,
      timeUnixNano: String(BigInt(Math.round(atUs)) * 1_000n),
      attributes: fieldsOf(attributes),
    })),
    links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    status: { code: STATUSES[span.status], ...(span.statusMessage === '' ? {} : { message: span.statusMessage }) },
  };
}

const fieldsOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: AttributeValue): object {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value)
      ? { intValue: String(value) }
      : { doubleValue: Number.isFinite(value) ? value : String(value) };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: fieldsOf(value) } };
}
