import type { ReceivedSpan } from './otlp.ts';
import { costOf, type Trace, toTrace } from './trace.ts';

export interface TraceStoreLimits {
  /** The limit of traces. Above it, the trace that has been idle for the longest time is dropped. @default 200 */
  readonly maxTraces?: number;
  /** The limit of spans in all traces. Above it, the idle traces are dropped first. @default 20000 */
  readonly maxSpans?: number;
  /** The limit of spans in one trace. Above it, the oldest are dropped: they are leaves of the tree. @default 5000 */
  readonly maxSpansPerTrace?: number;
  /** The limit of the texts and values of all spans, in bytes. Above it, the idle traces are dropped first. @default 64 MiB */
  readonly maxBytes?: number;
}

/** The numbers of traces and spans that were received and dropped again. */
export interface DroppedCounts {
  readonly traces: number;
  readonly spans: number;
}

export interface TraceStore {
  /** Ignores a span that is already stored: an exporter sends spans again when it got no answer. */
  add(spans: readonly ReceivedSpan[]): void;
  /** The number of all received spans, also of dropped ones. */
  received(): number;
  dropped(): DroppedCounts;
  /** Newest start first. */
  traces(): Trace[];
  trace(traceId: string): Trace | undefined;
}

interface StoredTrace {
  readonly spans: Map<string, ReceivedSpan>;
  spanCount: number;
  droppedSpans: number;
  errors: number;
  dollars: number;
}

/**
 * Keeps the last traces in memory.
 *
 * @throws RangeError when a limit is not a whole number of at least 1
 */
export function createTraceStore(limits: TraceStoreLimits = {}): TraceStore {
  const { maxTraces = 200, maxSpans = 20_000, maxSpansPerTrace = 5_000 } = limits;
  const { maxBytes = 64 * 1024 * 1024 } = limits;
  for (const [name, limit] of Object.entries({ maxTraces, maxSpans, maxSpansPerTrace, maxBytes })) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`TraceStoreLimits: ${name} must be a whole number of at least 1, got ${limit}`);
    }
  }
  /** In the order of their last received span: the first trace has been idle for the longest time. */
  const traces = new Map<string, StoredTrace>();
  let received = 0;
  let storedSpans = 0;
  let storedBytes = 0;
  let droppedTraces = 0;
  let droppedSpans = 0;

  const dropOldestSpan = (trace: StoredTrace) => {
    const [oldest] = trace.spans.values();
    if (oldest === undefined) return;
    trace.spans.delete(oldest.spanId);
    storedBytes -= oldest.bytes ?? 0;
    trace.droppedSpans += 1;
    droppedSpans += 1;
    storedSpans -= 1;
  };
  const dropIdleTrace = () => {
    const [[id, trace] = []] = traces;
    if (id === undefined || trace === undefined) return;
    traces.delete(id);
    droppedTraces += 1;
    droppedSpans += trace.spans.size;
    storedSpans -= trace.spans.size;
    for (const { bytes = 0 } of trace.spans.values()) storedBytes -= bytes;
  };
  const isFull = () => storedSpans > maxSpans || storedBytes > maxBytes;

  const addSpan = (span: ReceivedSpan) => {
    const trace = traces.get(span.traceId) ?? {
      spans: new Map(),
      spanCount: 0,
      droppedSpans: 0,
      errors: 0,
      dollars: 0,
    };
    if (trace.spans.has(span.spanId)) return;
    traces.delete(span.traceId);
    traces.set(span.traceId, trace);
    trace.spans.set(span.spanId, span);
    trace.spanCount += 1;
    if (span.status === 'error') trace.errors += 1;
    trace.dollars += costOf(span);
    received += 1;
    storedSpans += 1;
    storedBytes += span.bytes ?? 0;
    if (trace.spans.size > maxSpansPerTrace) dropOldestSpan(trace);
    if (traces.size > maxTraces) dropIdleTrace();
    while (isFull() && traces.size > 1) dropIdleTrace();
    while (isFull() && trace.spans.size > 1) dropOldestSpan(trace);
  };

  const toView = (id: string, { spans, ...totals }: StoredTrace) => toTrace(id, spans.values(), totals);
  return {
    add: (spans) => spans.forEach(addSpan),
    received: () => received,
    dropped: () => ({ traces: droppedTraces, spans: droppedSpans }),
    traces: () => [...traces].map(([id, trace]) => toView(id, trace)).sort(byNewest),
    trace: (id) => {
      const trace = traces.get(id);
      return trace && toView(id, trace);
    },
  };
}

function byNewest(a: Trace, b: Trace): number {
  const difference = BigInt(b.startTimeUnixNano) - BigInt(a.startTimeUnixNano);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
