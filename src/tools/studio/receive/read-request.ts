/** An OTLP trace request, parsed from JSON or decoded from protobuf, to spans of Studio. */
import { copyText } from '../../../platform/copy-text.ts';
import type { Attributes, SpanEvent, SpanKind, SpanLink, SpanStatus, StudioSpan } from '../model/span.ts';
import { withStandardNames } from './foreign.ts';
import { isSampled } from './sampling.ts';
import { createValueReader, type Fields, field, isFields, list, type ValueReader } from './values.ts';

const STATUSES: readonly SpanStatus[] = ['unset', 'ok', 'error'];
const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const MAX_NAME_LENGTH = 1_024;
const MAX_MESSAGE_LENGTH = 16 * 1_024;
/** What one span may need, its events and links besides. What is beyond that is left out, and a text is cut. */
const MAX_SPAN_BYTES = 256 * 1_024;
const MAX_EVENTS_BYTES = 128 * 1_024;
const MAX_EVENT_BYTES = 32 * 1_024;
const MAX_RESOURCE_BYTES = 64 * 1_024;
const MAX_LINKS = 256;

export interface TraceRequest {
  readonly spans: readonly StudioSpan[];
  /** Spans without valid ids or times. */
  readonly rejected: number;
  /** Whether a span says that only a share of the traces is sent. */
  readonly sampled: boolean;
}

/**
 * Unknown fields are ignored, as OTLP requires. What a span may need is limited, so that none can fill the memory.
 *
 * @throws TypeError when `request` is not an ExportTraceServiceRequest
 */
export function readTraceRequest(request: unknown): TraceRequest {
  if (!isFields(request)) throw new TypeError('The body is not an ExportTraceServiceRequest: it must be an object');
  const spans: StudioSpan[] = [];
  let rejected = 0;
  let sampled = false;
  for (const resourceSpans of list(request, 'resourceSpans')) {
    const reader = createValueReader(MAX_RESOURCE_BYTES);
    // One object for all its spans.
    const resource = isFields(resourceSpans.resource) ? reader.attributes(resourceSpans.resource) : {};
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      const scope = isFields(scopeSpans.scope)
        ? createValueReader(MAX_RESOURCE_BYTES).text(scopeSpans.scope.name, MAX_NAME_LENGTH)
        : '';
      for (const fields of list(scopeSpans, 'spans')) {
        const span = readSpan(fields, resource, scope, reader.cut());
        if (span) spans.push(withStandardNames(span));
        else rejected += 1;
        sampled ||= span !== undefined && isSampled(span, field(fields, 'traceState'));
      }
    }
  }
  return { spans, rejected, sampled };
}

function readSpan(fields: Fields, resource: Attributes, scope: string, cut: number): StudioSpan | undefined {
  const traceId = readId(field(fields, 'traceId'), 16);
  const spanId = readId(field(fields, 'spanId'), 8);
  const start = readNanos(field(fields, 'startTimeUnixNano'));
  const end = readNanos(field(fields, 'endTimeUnixNano') ?? 0);
  if (!traceId || !spanId || !start || end === undefined) return undefined;
  const status = isFields(fields.status) ? fields.status : {};
  const service = resource['service.name'];
  const reader = createValueReader(MAX_SPAN_BYTES);
  const [name, statusMessage] = [
    reader.text(fields.name, MAX_NAME_LENGTH),
    reader.text(status.message, MAX_MESSAGE_LENGTH),
  ];
  const attributes = reader.attributes(fields);
  const events = readEvents(list(fields, 'events'), reader, start);
  const links = readLinks(list(fields, 'links'), reader);
  return {
    traceId,
    spanId,
    parentSpanId: readId(field(fields, 'parentSpanId'), 8) ?? null,
    ...parentPlace(fields.flags),
    name,
    kind: KINDS[readEnum(fields.kind, 'SPAN_KIND_', ['unspecified', ...KINDS.slice(1)])] ?? 'internal',
    service: typeof service === 'string' && service !== '' ? shortened(service) : 'unknown_service',
    scope,
    startUs: Number(start / 1_000n),
    startRestNs: Number(start % 1_000n),
    durationNs: end < start ? 0 : Math.min(Number(end - start), Number.MAX_SAFE_INTEGER),
    status: STATUSES[readEnum(status.code, 'STATUS_CODE_', STATUSES)] ?? 'unset',
    statusMessage,
    attributes,
    events,
    links,
    resource,
    cut: cut + reader.cut(),
  };
}

const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

function parentPlace(flags: unknown): Pick<StudioSpan, 'isParentRemote'> {
  const bits = Number(flags);
  return (bits & HAS_IS_REMOTE) === 0 ? {} : { isParentRemote: (bits & IS_REMOTE) !== 0 };
}

/** From both ends inwards, as long as there is room: the first ones and the last ones tell most. */
function readEvents(events: readonly Fields[], span: ValueReader, start: bigint): SpanEvent[] {
  const [head, tail]: [SpanEvent[], SpanEvent[]] = [[], []];
  let bytes = 0;
  for (let n = 0; n < events.length; n += 1) {
    if (bytes >= MAX_EVENTS_BYTES) {
      span.leftOut(events.length - n);
      break;
    }
    const atEnd = n % 2 === 1;
    const event = events[atEnd ? events.length - 1 - (n >> 1) : n >> 1] as Fields;
    const reader = createValueReader(MAX_EVENT_BYTES);
    (atEnd ? tail : head).push({
      name: reader.text(event.name, MAX_NAME_LENGTH),
      atUs: Number((readNanos(field(event, 'timeUnixNano')) ?? start) / 1_000n),
      attributes: reader.attributes(event),
    });
    bytes += reader.bytes();
    span.leftOut(reader.cut());
  }
  return [...head, ...tail.reverse()];
}

function readLinks(links: readonly Fields[], span: ValueReader): SpanLink[] {
  span.leftOut(Math.max(0, links.length - MAX_LINKS));
  return links.slice(0, MAX_LINKS).flatMap((link): SpanLink[] => {
    const [traceId, spanId] = [readId(field(link, 'traceId'), 16), readId(field(link, 'spanId'), 8)];
    return traceId && spanId ? [{ traceId, spanId }] : [];
  });
}

function shortened(text: string): string {
  return text.length > MAX_NAME_LENGTH ? `${copyText(text.slice(0, MAX_NAME_LENGTH))}…` : text;
}

/** An id is hexadecimal in JSON and bytes in protobuf. An id of zeros means that there is no id. */
function readId(value: unknown, bytes: number): string | undefined {
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
  if (typeof hex !== 'string' || hex.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(hex)) return undefined;
  return /^0+$/.test(hex) ? undefined : hex.toLowerCase();
}

/** The microseconds of a later time, in the year 2255, are not exact as a number. */
const LATEST = BigInt(Number.MAX_SAFE_INTEGER) * 1_000n;

/** Nanoseconds since the Unix epoch: a decimal string in JSON, in that of some exporters a number. */
function readNanos(value: unknown): bigint | undefined {
  const isWhole = typeof value === 'number' ? Number.isInteger(value) : /^\d{1,20}$/.test(String(value));
  if (!isWhole) return undefined;
  const nanos = BigInt(value as number | string | bigint);
  return nanos >= 0n && nanos <= LATEST ? nanos : undefined;
}

/** An enumeration is its number, in the JSON of some exporters its name: `SPAN_KIND_CLIENT`. */
function readEnum(value: unknown, prefix: string, names: readonly string[]): number {
  return typeof value === 'string' && value.startsWith(prefix)
    ? names.indexOf(value.slice(prefix.length).toLowerCase())
    : Number(value ?? 0);
}
