/**
 * Spans as OTLP in JSON. Whatever a program puts on a span, a collector can read the request: a value that OTLP cannot
 * hold is written as text or dropped alone, and a span is cut at `MOST_CHARACTERS`.
 *
 * It writes text at once: objects for `JSON.stringify` would take twice as long, and this runs for every span.
 */
import { type Attributes, isSpanContextValid, isValidSpanId, type SpanContext } from '@opentelemetry/api';
import { type Budget, keyValues, MOST_CHARACTERS, OVERHEAD, quoted, text } from './otlp-values.ts';
import type { ReadableSpan } from './span-types.ts';

const REMOTE_IS_KNOWN = 0x100;
const IS_REMOTE = 0x200;

/** @returns `undefined` for a span whose ids no collector would accept */
export function spanJson(span: ReadableSpan): string | undefined {
  const own = span.spanContext();
  if (!isSpanContextValid(own)) return undefined;
  const budget: Budget = { characters: MOST_CHARACTERS, dropped: 0 };
  const { parentSpanContext: parent, kind, status } = span;
  const start = nanoseconds(span.startTime, '0');
  const parentId = parent !== undefined && isValidSpanId(parent.spanId) ? `,"parentSpanId":"${parent.spanId}"` : '';
  const message = status.message ? `,"message":${text(String(status.message), budget)}` : '';
  const head =
    `{${idsJson(own, parent?.isRemote, budget)}${parentId},"name":${text(String(span.name), budget)}` +
    `,"kind":${Number.isInteger(kind) ? kind + 1 : 0},"startTimeUnixNano":"${start}"` +
    `,"endTimeUnixNano":"${nanoseconds(span.endTime, start)}","status":{"code":${count(status.code)}${message}}`;
  return `${head}${attributesOf(span, budget)}${eventsJson(span, start, budget)}${linksJson(span, budget)}}`;
}

export interface SchemaUrl {
  readonly schemaUrl?: string | undefined;
}

/** The fields of OTLP's groups that say what made the data, for spans and for metrics. */
export function resourceJson({ attributes, schemaUrl }: SchemaUrl & { readonly attributes: Attributes }): string {
  return `"resource":{"attributes":${attributesJson(attributes)}}${schemaUrlJson(schemaUrl)}`;
}

export function scopeJson(scope: SchemaUrl & { readonly name: string; readonly version?: string | undefined }): string {
  const { name, version = '', schemaUrl } = scope;
  return `"scope":{"name":${quoted(name)},"version":${quoted(version)}}${schemaUrlJson(schemaUrl)}`;
}

function schemaUrlJson(url: string | undefined): string {
  return url ? `,"schemaUrl":${quoted(String(url))}` : '';
}

function attributesJson(attributes: Attributes | undefined): string {
  return `[${keyValues(attributes, { characters: MOST_CHARACTERS / 8, dropped: 0 }, 0)}]`;
}

function eventsJson({ events, droppedEventsCount }: ReadableSpan, start: string, budget: Budget): string {
  const list: string[] = [];
  for (const event of events) {
    if (budget.characters < OVERHEAD) break;
    const name = text(String(event.name), budget);
    list.push(`{"name":${name},"timeUnixNano":"${nanoseconds(event.time, start)}"${attributesOf(event, budget)}}`);
  }
  const dropped = count(droppedEventsCount) + events.length - list.length;
  return `${list.length > 0 ? `,"events":[${list.join()}]` : ''}${droppedJson('Events', dropped)}`;
}

function linksJson({ links, droppedLinksCount }: ReadableSpan, budget: Budget): string {
  const list: string[] = [];
  for (const link of links) {
    if (budget.characters < OVERHEAD || !isSpanContextValid(link.context)) continue;
    list.push(`{${idsJson(link.context, link.context.isRemote, budget)}${attributesOf(link, budget)}}`);
  }
  const dropped = count(droppedLinksCount) + links.length - list.length;
  return `${list.length > 0 ? `,"links":[${list.join()}]` : ''}${droppedJson('Links', dropped)}`;
}

function idsJson({ traceId, spanId, traceFlags, traceState }: SpanContext, isRemote: unknown, budget: Budget): string {
  const flags = (traceFlags & 0xff) | REMOTE_IS_KNOWN | (isRemote === true ? IS_REMOTE : 0);
  const state = traceState?.serialize();
  const stateJson = state ? `,"traceState":${text(state, budget)}` : '';
  return `"traceId":"${traceId}","spanId":"${spanId}","flags":${flags}${stateJson}`;
}

function attributesOf(
  source: { readonly attributes?: Attributes | undefined; readonly droppedAttributesCount?: number | undefined },
  budget: Budget,
): string {
  const before = budget.dropped;
  const list = keyValues(source.attributes, budget, 0);
  const dropped = count(source.droppedAttributesCount) + budget.dropped - before;
  return `${list === '' ? '' : `,"attributes":[${list}]`}${droppedJson('Attributes', dropped)}`;
}

function droppedJson(what: 'Attributes' | 'Events' | 'Links', dropped: number): string {
  return dropped === 0 ? '' : `,"dropped${what}Count":${dropped}`;
}

function count(value: number | undefined): number {
  return Number.isInteger(value) && (value as number) > 0 ? Math.min(value as number, 2 ** 31) : 0;
}

/** Nanoseconds since the epoch, `otherwise` for a time that is none. */
function nanoseconds([seconds, nanos]: readonly [number, number], otherwise: string): string {
  if (seconds > 0 && seconds < 9e9 && Number.isInteger(seconds) && nanos >= 0 && nanos < 1e9) {
    return String(seconds) + String(1e9 + Math.floor(nanos)).slice(1);
  }
  const whole = seconds * 1e9 + nanos;
  return whole >= 0 && whole < 9e18 ? BigInt(Math.round(whole)).toString() : otherwise;
}
