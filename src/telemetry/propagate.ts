/** Trace context across processes, by the registered propagator; the SDK's default is that of the W3C. */
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

/** The remote spans that caused an execution: one parent, or several links. */
export interface Origin {
  readonly parent: SpanContext | undefined;
  readonly links: readonly Link[];
}

/** Headers (names in lower case) for the active span. Empty without an SDK or outside of a span. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  guarded('the propagator writes no trace', () => propagation.inject(context.active(), headers));
  return headers;
}

/** The span of a single carrier is the parent; spans of several are links. `undefined` if no carrier has a trace. */
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

/** The active span stays the parent. The remote span becomes the parent only where no span is active. */
export function parentOf(active: Context, { parent }: Origin): Context {
  return parent === undefined || trace.getSpan(active) !== undefined ? active : trace.setSpanContext(active, parent);
}

/** The links of an execution: the remote spans that did not become its parent. */
export function linksOf(active: Context, { parent, links }: Origin): readonly Link[] {
  return parent === undefined || trace.getSpan(active) === undefined ? links : [{ context: parent }];
}
