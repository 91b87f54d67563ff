/** A received span. It is the same for both encodings of OTLP. */
export interface ReceivedSpan {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  /** Nanoseconds since the Unix epoch. A number is not exact enough for them. */
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
const MAX_TEXT_LENGTH = 4_096;
const MAX_DEPTH = 8;

/**
 * Reads an OTLP trace request from parsed JSON or decoded protobuf. Unknown fields are ignored, as OTLP requires.
 * Long texts and deep values are truncated, so that one span cannot fill the memory.
 *
 * @returns the spans, and the number of spans without valid ids or times
 * @throws TypeError when `request` is not an ExportTraceServiceRequest
 */
export function readTraceRequest(request: unknown): { readonly spans: ReceivedSpan[]; readonly rejected: number } {
  if (!isFields(request)) throw new TypeError('The body is not an ExportTraceServiceRequest: it must be an object');
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

function readAttributes(pairs: readonly Fields[], depth = 0): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map((pair) => [clip(pair.key), readValue(pair.value, depth)]));
}

function readValue(value: unknown, depth: number): AttributeValue {
  if (!isFields(value) || depth > MAX_DEPTH) return null;
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
    throw new TypeError(`The body is not an ExportTraceServiceRequest: ${name} must be a list of objects`);
  }
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}
