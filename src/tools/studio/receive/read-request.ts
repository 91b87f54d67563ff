import type {
  Attributes,
  AttributeValue,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanStatus,
  StudioSpan,
} from '../model/span.ts';

type Fields = Readonly<Record<string, unknown>>;

const STATUSES: readonly SpanStatus[] = ['unset', 'ok', 'error'];
const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const MAX_TEXT_LENGTH = 4_096;
const MAX_DEPTH = 8;
/** What the texts and values of one span may need. A value beyond that is left out, and a text is cut. */
const MAX_SPAN_BYTES = 256 * 1024;
/** A value with its key, besides their characters. */
const VALUE_BYTES = 64;
/** The attributes that the page shows: a span with too many others keeps them. */
const SHOWN = /^(?:tta|gen_ai|service)\./;

/**
 * Reads an OTLP trace request from parsed JSON or decoded protobuf. Unknown fields are ignored, as OTLP requires.
 * Long texts and deep values are truncated, so that one span cannot fill the memory.
 *
 * @returns the spans, and the number of spans without valid ids or times
 * @throws TypeError when `request` is not an ExportTraceServiceRequest
 */
export function readTraceRequest(request: unknown): { readonly spans: StudioSpan[]; readonly rejected: number } {
  if (!isFields(request)) throw new TypeError('The body is not an ExportTraceServiceRequest: it must be an object');
  const spans: StudioSpan[] = [];
  let rejected = 0;
  for (const resourceSpans of list(request, 'resourceSpans')) {
    const fields = isFields(resourceSpans.resource) ? list(resourceSpans.resource, 'attributes') : [];
    const resource = createReader().attributes(fields);
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      const scope = isFields(scopeSpans.scope) ? createReader().text(scopeSpans.scope.name) : '';
      for (const fields of list(scopeSpans, 'spans')) {
        const span = readSpan(fields, resource, scope);
        if (span) spans.push(span);
        else rejected += 1;
      }
    }
  }
  return { spans, rejected };
}

function readSpan(fields: Fields, resource: Attributes, scope: string): StudioSpan | undefined {
  const traceId = readId(fields.traceId, 16);
  const spanId = readId(fields.spanId, 8);
  const start = readNanos(fields.startTimeUnixNano);
  const end = readNanos(fields.endTimeUnixNano);
  if (!traceId || !spanId || start === undefined || end === undefined) return undefined;
  const status = isFields(fields.status) ? fields.status : {};
  const service = resource['service.name'];
  const reader = createReader();
  return {
    traceId,
    spanId,
    parentSpanId: readId(fields.parentSpanId, 8) ?? null,
    name: reader.text(fields.name),
    kind: KINDS[Number(fields.kind ?? 0)] ?? 'internal',
    service: typeof service === 'string' ? service : 'unknown_service',
    scope,
    startUs: Number(start / 1_000n),
    startRestNs: Number(start % 1_000n),
    durationNs: end < start ? 0 : Number(end - start),
    status: STATUSES[Number(status.code ?? 0)] ?? 'unset',
    statusMessage: reader.text(status.message),
    attributes: reader.attributes(list(fields, 'attributes')),
    events: list(fields, 'events').map(
      (event): SpanEvent => ({
        name: reader.text(event.name),
        atUs: Number((readNanos(event.timeUnixNano) ?? start) / 1_000n),
        attributes: reader.attributes(list(event, 'attributes')),
      }),
    ),
    links: list(fields, 'links').flatMap((link): SpanLink[] => {
      const [linkedTrace, linkedSpan] = [readId(link.traceId, 16), readId(link.spanId, 8)];
      return linkedTrace && linkedSpan ? [{ traceId: linkedTrace, spanId: linkedSpan }] : [];
    }),
    resource,
    cut: 0,
  };
}

/** An id is hexadecimal in JSON and bytes in protobuf. An id of zeros means that there is no id. */
function readId(value: unknown, bytes: number): string | undefined {
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  if (typeof hex !== 'string' || hex.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(hex)) return undefined;
  return /^0+$/.test(hex) ? undefined : hex.toLowerCase();
}

/** A time is a decimal string. Some exporters send a JSON number. */
function readNanos(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** Reads the texts and values of one span, and counts what they need: a span cannot fill the memory. */
function createReader() {
  let bytes = 0;

  function text(value: unknown): string {
    const given = typeof value === 'string' ? value : '';
    const longest = Math.min(MAX_TEXT_LENGTH, Math.max(0, Math.floor((MAX_SPAN_BYTES - bytes) / 2)));
    // A part of a text keeps the whole text in memory, therefore it is copied.
    const kept = given.length > longest ? `${Buffer.from(given.slice(0, longest)).toString()}…` : given;
    bytes += 2 * kept.length;
    return kept;
  }

  function attributes(pairs: readonly Fields[], depth = 0): Record<string, AttributeValue> {
    const isShown = ({ key }: Fields) => typeof key === 'string' && SHOWN.test(key);
    const sorted = depth === 0 ? [...pairs.filter(isShown), ...pairs.filter((pair) => !isShown(pair))] : pairs;
    return Object.fromEntries(fitting(sorted, (pair) => [text(pair.key), value(pair.value, depth)]));
  }

  /** The first items, as many as the span may have. */
  function fitting<T>(items: readonly Fields[], read: (item: Fields) => T): T[] {
    const kept: T[] = [];
    for (const item of items) {
      if (bytes >= MAX_SPAN_BYTES) break;
      bytes += VALUE_BYTES;
      kept.push(read(item));
    }
    return kept;
  }

  function value(given: unknown, depth: number): AttributeValue {
    if (!isFields(given) || depth > MAX_DEPTH) return null;
    if (typeof given.stringValue === 'string') return text(given.stringValue);
    if (typeof given.boolValue === 'boolean') return given.boolValue;
    if (given.doubleValue !== undefined) return Number(given.doubleValue);
    const { intValue, bytesValue, arrayValue, kvlistValue } = given;
    if (intValue !== undefined)
      return Number.isSafeInteger(Number(intValue)) ? Number(intValue) : text(String(intValue));
    if (isFields(arrayValue)) return fitting(list(arrayValue, 'values'), (item) => value(item, depth + 1));
    if (isFields(kvlistValue)) return attributes(list(kvlistValue, 'values'), depth + 1);
    if (bytesValue instanceof Uint8Array) {
      return text(Buffer.from(bytesValue.subarray(0, MAX_TEXT_LENGTH)).toString('base64'));
    }
    return typeof bytesValue === 'string' ? text(bytesValue) : null;
  }

  return { text, attributes };
}

function list(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isFields)) {
    throw new TypeError(`The body is not an ExportTraceServiceRequest: ${name} must be a list of objects`);
  }
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
