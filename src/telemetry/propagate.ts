/** Trace context across processes: the registered propagator's headers, and always those of the W3C. */
import {
  type Baggage,
  baggageEntryMetadataFromString,
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { guarded } from './guard.ts';

/** What other processes sent for an execution: one parent or several links, and their baggage. */
export interface Origin {
  readonly parent: SpanContext | undefined;
  readonly links: readonly Link[];
  /** Members of W3C baggage, such as `tenant=acme;ttl=5`. */
  readonly baggage: readonly string[];
  /** What has brought it: a queue, or any other way. */
  readonly by?: 'queue' | undefined;
}

/** Reads a header of a carrier; `name` in any case. */
type ReadHeader = (name: string) => string | undefined;

/** Headers for the active span. Empty without an SDK or outside of a span. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  const active = context.active();
  guarded('the propagator writes no trace', () => propagation.inject(active, headers));
  const span = trace.getSpanContext(active);
  if (headers.traceparent !== undefined || span === undefined || !isSpanContextValid(span)) return headers;
  // The propagator writes another format, such as B3. Whatever the receiver's reads, `extract` reads this.
  const flags = (span.traceFlags & 0xff).toString(16).padStart(2, '0');
  headers.traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  const state = span.traceState?.serialize();
  if (state !== undefined && state !== '') headers.tracestate = state;
  return headers;
}

/** Calls `work` where no span is active. */
export function withoutSpan<Out>(work: () => Out): Out {
  return context.with(ROOT_CONTEXT, work);
}

/** The span of a single carrier is the parent; spans of several are links. */
export function originOf(carriers: readonly ReadHeader[], baggage: readonly string[]): Origin | undefined {
  const spans = carriers.map(remoteSpan).filter((span) => span !== undefined);
  const [first] = spans;
  if (first === undefined && baggage.length === 0) return undefined;
  if (carriers.length > 1) return { parent: undefined, links: spans.map((span) => ({ context: span })), baggage };
  return { parent: first, links: [], baggage };
}

const GETTER = {
  get: (read: ReadHeader, name: string) => read(name),
  keys: () => propagation.fields(),
};

/** The registered propagator comes first: a proxy on the way may have written its format only. */
function remoteSpan(read: ReadHeader): SpanContext | undefined {
  let span: SpanContext | undefined;
  guarded('the propagator reads no trace', () => {
    span = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, read, GETTER));
  });
  return span !== undefined && isSpanContextValid(span) ? span : fromTraceparent(read);
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may have more parts. */
const TRACEPARENT = /^\s?(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?\s?$/;

function fromTraceparent(read: ReadHeader): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(read('traceparent') ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  const state = read('tracestate');
  const span: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  };
  return isSpanContextValid(span) ? span : undefined;
}

/** The active span stays the parent. The remote span becomes the parent only where no span is active. */
export function parentOf(active: Context, { parent, baggage }: Origin): Context {
  const base = baggage.length === 0 ? active : propagation.setBaggage(active, withMembers(active, baggage));
  return parent === undefined || trace.getSpan(active) !== undefined ? base : trace.setSpanContext(base, parent);
}

function withMembers(active: Context, members: readonly string[]): Baggage {
  return members.reduce((baggage, member) => {
    const [pair = '', ...properties] = member.split(';');
    const at = pair.indexOf('=');
    return baggage.setEntry(pair.slice(0, at).trim(), {
      value: decoded(pair.slice(at + 1).trim()),
      ...(properties.length > 0 ? { metadata: baggageEntryMetadataFromString(properties.join(';')) } : {}),
    });
  }, propagation.getBaggage(active) ?? propagation.createBaggage());
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The links of an execution: the remote spans that did not become its parent. */
export function linksOf(active: Context, { parent, links }: Origin): readonly Link[] {
  return parent === undefined || trace.getSpan(active) === undefined ? links : [{ context: parent }];
}
