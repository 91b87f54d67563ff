/**
 * Spans as OTLP in JSON. Whatever a program puts on a span, a collector can read the request: a value that OTLP cannot
 * hold is written as text or dropped alone, and a span is cut at `MOST_CHARACTERS`.
 */
import { type Attributes, isSpanContextValid, isValidSpanId, type SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';

/** Of one span. A character takes 6 bytes at most, so that one span never exceeds the 20 MiB that a Collector accepts. */
const MOST_CHARACTERS = 2 * 1024 * 1024;
/** Counted for each value beside its text: empty values take place too. */
const OVERHEAD = 64;
const DEEPEST = 8;
const REMOTE_IS_KNOWN = 0x100;
const IS_REMOTE = 0x200;

export type Json = Readonly<Record<string, unknown>>;

/** What is left for one span, and how many of its values were dropped. */
interface Budget {
  characters: number;
  dropped: number;
}

/** @returns `undefined` for a span whose ids no collector would accept */
export function spanJson(span: ReadableSpan): Json | undefined {
  const own = span.spanContext();
  if (!isSpanContextValid(own)) return undefined;
  const budget: Budget = { characters: MOST_CHARACTERS, dropped: 0 };
  const parent = span.parentSpanContext;
  const startTime = nanoseconds(span.startTime) ?? '0';
  return {
    ...idsOf(own, parent?.isRemote, budget),
    ...(parent !== undefined && isValidSpanId(parent.spanId) ? { parentSpanId: parent.spanId } : {}),
    name: text(String(span.name), budget),
    kind: Number.isInteger(span.kind) ? span.kind + 1 : 0,
    startTimeUnixNano: startTime,
    endTimeUnixNano: nanoseconds(span.endTime) ?? startTime,
    status: { code: span.status.code, message: text(String(span.status.message ?? ''), budget) },
    ...attributesOf(span, budget),
    events: span.events.flatMap((event) =>
      budget.characters < OVERHEAD
        ? []
        : [
            {
              name: text(String(event.name), budget),
              timeUnixNano: nanoseconds(event.time) ?? startTime,
              ...attributesOf(event, budget),
            },
          ],
    ),
    droppedEventsCount: count(span.droppedEventsCount),
    links: span.links
      .filter(({ context }) => isSpanContextValid(context) && budget.characters >= OVERHEAD)
      .map((link) => ({ ...idsOf(link.context, link.context.isRemote, budget), ...attributesOf(link, budget) })),
    droppedLinksCount: count(span.droppedLinksCount),
  };
}

/** The attributes of a resource or an instrumentation scope. */
export function attributesJson(attributes: Attributes | undefined): Json[] {
  return keyValues(attributes, { characters: MOST_CHARACTERS / 8, dropped: 0 }, 0);
}

export function wellFormed(value: unknown): string {
  return String(value ?? '').toWellFormed();
}

function idsOf({ traceId, spanId, traceFlags, traceState }: SpanContext, isRemote: unknown, budget: Budget): Json {
  const state = traceState?.serialize();
  return {
    traceId,
    spanId,
    flags: (traceFlags & 0xff) | REMOTE_IS_KNOWN | (isRemote === true ? IS_REMOTE : 0),
    ...(state ? { traceState: text(state, budget) } : {}),
  };
}

function attributesOf(
  source: { readonly attributes?: Attributes | undefined; readonly droppedAttributesCount?: number | undefined },
  budget: Budget,
): Json {
  const before = budget.dropped;
  const attributes = keyValues(source.attributes, budget, 0);
  return { attributes, droppedAttributesCount: count(source.droppedAttributesCount) + budget.dropped - before };
}

function keyValues(source: object | undefined, budget: Budget, depth: number): Json[] {
  const list: Json[] = [];
  if (source === undefined) return list;
  for (const key of Object.keys(source)) {
    const value = budget.characters < OVERHEAD ? undefined : anyValue(source, key, budget, depth);
    if (value === undefined) budget.dropped += 1;
    else list.push({ key: text(key, budget), value });
  }
  return list;
}

/** The value as OTLP's `AnyValue`, `undefined` for one that it cannot hold. */
function anyValue(source: object, key: string | number, budget: Budget, depth: number): Json | undefined {
  budget.characters -= OVERHEAD;
  try {
    const value: unknown = (source as Record<string | number, unknown>)[key];
    switch (typeof value) {
      case 'string':
        return { stringValue: text(value, budget) };
      case 'boolean':
        return { boolValue: value };
      case 'number':
        return numberValue(value);
      case 'bigint':
        if (BigInt.asIntN(64, value) === value) return { intValue: String(value) };
        // Beyond a double it may have a million digits, which take minutes to write.
        return Number.isFinite(Number(value)) ? { stringValue: String(value) } : undefined;
      case 'object':
        return value === null || depth === DEEPEST ? undefined : objectValue(value, budget, depth + 1);
      default:
        return undefined;
    }
  } catch {
    // A getter or a proxy of the program.
    return undefined;
  }
}

function numberValue(value: number): Json {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return { intValue: String(value) };
  return Number.isFinite(value) ? { doubleValue: value } : { stringValue: String(value) };
}

function objectValue(value: object, budget: Budget, depth: number): Json | undefined {
  if (value instanceof Uint8Array) {
    if (value.byteLength * 1.5 > budget.characters) return undefined;
    const bytesValue = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    budget.characters -= bytesValue.length;
    return { bytesValue };
  }
  if (value instanceof Date) return { stringValue: value.toISOString() };
  if (!Array.isArray(value)) return { kvlistValue: { values: keyValues(value, budget, depth) } };
  const values: Json[] = [];
  for (let i = 0; i < value.length && budget.characters >= OVERHEAD; i += 1) {
    // An element that cannot be written keeps its place.
    values.push(anyValue(value, i, budget, depth) ?? {});
  }
  return { arrayValue: { values } };
}

function text(value: string, budget: Budget): string {
  const kept = value.length > budget.characters ? value.slice(0, Math.max(0, budget.characters)) : value;
  budget.characters -= kept.length;
  return kept.toWellFormed();
}

function count(value: number | undefined): number {
  return Number.isInteger(value) && (value as number) > 0 ? Math.min(value as number, 2 ** 31) : 0;
}

/** Nanoseconds since the epoch, `undefined` for a time that is none. */
function nanoseconds([seconds, nanos]: readonly [number, number]): string | undefined {
  if (seconds > 0 && seconds < 9e9 && Number.isInteger(seconds) && nanos >= 0 && nanos < 1e9) {
    return `${seconds}${String(Math.floor(nanos)).padStart(9, '0')}`;
  }
  const whole = seconds * 1e9 + nanos;
  return whole >= 0 && whole < 9e18 ? BigInt(Math.round(whole)).toString() : undefined;
}
