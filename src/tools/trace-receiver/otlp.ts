/** A span as it came in, the two encodings of OTLP made equal. */
export interface ReceivedSpan {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  /** Nanoseconds since the Unix epoch: more than a number holds exactly. */
  readonly start: bigint;
  readonly end: bigint;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export type SpanStatus = 'unset' | 'ok' | 'error';
export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };

type Fields = Readonly<Record<string, unknown>>;

const STATUSES: readonly SpanStatus[] = ['unset', 'ok', 'error'];
const LONGEST_TEXT = 4_096;
const DEEPEST_VALUE = 8;

/**
 * Reads an OTLP trace request: the parsed JSON, or the object that protobuf was decoded into. Unknown fields are
 * ignored, as OTLP demands. Long texts and deep values are cut, so that one span cannot fill the memory.
 *
 * @returns the spans, and how many had no valid ids or times
 * @throws TypeError when it is no such request at all
 */
export function readTraceRequest(request: unknown): { readonly spans: ReceivedSpan[]; readonly rejected: number } {
  if (!isFields(request)) throw new TypeError('The body is no ExportTraceServiceRequest: it must be an object');
  const spans: ReceivedSpan[] = [];
  let rejected = 0;
  for (const resourceSpans of list(request, 'resourceSpans')) {
    const resource = isFields(resourceSpans.resource) ? readAttributes(list(resourceSpans.resource, 'attributes')) : {};
    const service = String(resource['service.name'] ?? 'unknown_service');
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      for (const fields of list(scopeSpans, 'spans')) {
        const span = readSpan(fields, service);
        if (span) spans.push(span);
        else rejected += 1;
      }
    }
  }
  return { spans, rejected };
}

function readSpan(fields: Fields, service: string): ReceivedSpan | undefined {
  const traceId = readId(fields.traceId, 16);
  const spanId = readId(fields.spanId, 8);
  const start = readNanos(fields.startTimeUnixNano);
  const end = readNanos(fields.endTimeUnixNano);
  if (!traceId || !spanId || start === undefined || end === undefined) return undefined;
  const status = isFields(fields.status) ? fields.status : {};
  return {
    traceId,
    spanId,
    parentSpanId: readId(fields.parentSpanId, 8),
    name: clip(fields.name),
    service,
    start,
    end: end < start ? start : end,
    status: STATUSES[Number(status.code ?? 0)] ?? 'unset',
    statusMessage: clip(status.message),
    attributes: readAttributes(list(fields, 'attributes')),
  };
}

/** Hexadecimal in JSON, bytes in protobuf. All zeros means none. */
function readId(value: unknown, bytes: number): string | undefined {
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  if (typeof hex !== 'string' || hex.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(hex)) return undefined;
  return /^0+$/.test(hex) ? undefined : hex.toLowerCase();
}

/** A decimal string; JSON from elsewhere may hold a number. */
function readNanos(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function readAttributes(pairs: readonly Fields[], depth = 0): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map((pair) => [clip(pair.key), readValue(pair.value, depth)]));
}

function readValue(value: unknown, depth: number): AttributeValue {
  if (!isFields(value) || depth > DEEPEST_VALUE) return null;
  if (typeof value.stringValue === 'string') return clip(value.stringValue);
  if (typeof value.boolValue === 'boolean') return value.boolValue;
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  const { intValue, bytesValue, arrayValue, kvlistValue } = value;
  if (intValue !== undefined) return Number.isSafeInteger(Number(intValue)) ? Number(intValue) : String(intValue);
  if (isFields(arrayValue)) return list(arrayValue, 'values').map((item) => readValue(item, depth + 1));
  if (isFields(kvlistValue)) return readAttributes(list(kvlistValue, 'values'), depth + 1);
  if (bytesValue instanceof Uint8Array) return clip(Buffer.from(bytesValue).toString('base64'));
  return typeof bytesValue === 'string' ? clip(bytesValue) : null;
}

function list(fields: Fields, name: string): Fields[] {
  const value = fields[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isFields)) {
    throw new TypeError(`The body is no ExportTraceServiceRequest: ${name} must be a list of objects`);
  }
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
