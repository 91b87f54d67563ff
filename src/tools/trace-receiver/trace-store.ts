import type { ReceivedSpan } from './otlp.ts';
import { costOf, type Trace, toTrace } from './trace.ts';

export interface TraceStoreLimits {
  /** Traces kept; beyond it the one that has been quiet for longest goes. @default 200 */
  readonly maxTraces?: number;
  /** Spans kept over all traces; beyond it the quietest traces go. @default 20000 */
  readonly maxSpans?: number;
  /** Spans kept of one trace; beyond it those that came first go, which are its leaves. @default 5000 */
  readonly maxSpansPerTrace?: number;
}

/** What came in and had to go again. */
export interface Dropped {
  readonly traces: number;
  readonly spans: number;
}

export interface TraceStore {
  /** A span that is already held is ignored: an exporter sends again what it thinks was lost. */
  add(spans: readonly ReceivedSpan[]): void;
  /** Spans received in total, dropped ones included. */
  received(): number;
  dropped(): Dropped;
  /** Newest start first. */
  traces(): Trace[];
  trace(traceId: string): Trace | undefined;
}

interface Held {
  readonly spans: Map<string, ReceivedSpan>;
  spanCount: number;
  droppedSpans: number;
  errors: number;
  dollars: number;
}

/**
 * The last traces, in memory.
 *
 * @throws RangeError when a limit is not a whole number of at least 1
 */
export function createTraceStore(limits: TraceStoreLimits = {}): TraceStore {
  const { maxTraces = 200, maxSpans = 20_000, maxSpansPerTrace = 5_000 } = limits;
  for (const [name, limit] of Object.entries({ maxTraces, maxSpans, maxSpansPerTrace })) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`TraceStoreLimits: ${name} must be a whole number of at least 1, got ${limit}`);
    }
  }
  /** In the order of their last span: the first is the quietest. */
  const traces = new Map<string, Held>();
  let received = 0;
  let held = 0;
  let droppedTraces = 0;
  let droppedSpans = 0;

  const dropOldestSpan = (trace: Held) => {
    const [oldest] = trace.spans.keys();
    if (oldest === undefined) return;
    trace.spans.delete(oldest);
    trace.droppedSpans += 1;
    droppedSpans += 1;
    held -= 1;
  };
  const dropQuietestTrace = () => {
    const [[id, trace] = []] = traces;
    if (id === undefined || trace === undefined) return;
    traces.delete(id);
    droppedTraces += 1;
    droppedSpans += trace.spans.size;
    held -= trace.spans.size;
  };

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
    held += 1;
    if (trace.spans.size > maxSpansPerTrace) dropOldestSpan(trace);
    if (traces.size > maxTraces || (held > maxSpans && traces.size > 1)) dropQuietestTrace();
    if (held > maxSpans) dropOldestSpan(trace);
  };

  const view = (id: string, { spans, ...totals }: Held) => toTrace(id, spans.values(), totals);
  return {
    add: (spans) => spans.forEach(addSpan),
    received: () => received,
    dropped: () => ({ traces: droppedTraces, spans: droppedSpans }),
    traces: () => [...traces].map(([id, trace]) => view(id, trace)).sort(byNewest),
    trace: (id) => {
      const trace = traces.get(id);
      return trace && view(id, trace);
    },
  };
}

function byNewest(a: Trace, b: Trace): number {
  const difference = BigInt(b.startTimeUnixNano) - BigInt(a.startTimeUnixNano);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}
