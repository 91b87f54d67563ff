/** Trace context across processes, by the propagator that is registered; W3C's is the SDK's default. */
import {
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { guarded } from './guard.ts';

/** Where an execution was caused: by one remote span, or by several that are joined. */
export interface Origin {
  readonly parent: SpanContext | undefined;
  readonly links: readonly Link[];
}

/** The headers, by lower-case name, that carry the span around the caller. Empty without an SDK or outside of a span. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  guarded('the propagator writes no trace', () => propagation.inject(context.active(), headers));
  return headers;
}

/** One carrier is the parent of what it causes; of several each is a link. `undefined` when none carries a trace. */
export function originOf(carriers: readonly Readonly<Record<string, string>>[]): Origin | undefined {
  const spans = carriers.map(remoteSpan).filter((span) => span !== undefined);
  const [first] = spans;
  if (first === undefined) return undefined;
  if (carriers.length > 1) return { parent: undefined, links: spans.map((span) => ({ context: span })) };
  return { parent: first, links: [] };
}

function remoteSpan(carrier: Readonly<Record<string, string>>): SpanContext | undefined {
  const span = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, carrier));
  return span !== undefined && trace.isSpanContextValid(span) ? span : undefined;
}

/** The span around the caller goes first; only where there is none does the remote one become the parent. */
export function parentOf(active: Context, { parent }: Origin): Context {
  return parent === undefined || trace.getSpan(active) !== undefined ? active : trace.setSpanContext(active, parent);
}

/** What the parent does not tell of where the execution came from. */
export function linksOf(active: Context, { parent, links }: Origin): readonly Link[] {
  return parent === undefined || trace.getSpan(active) === undefined ? links : [{ context: parent }];
}
