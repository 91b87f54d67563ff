import type { AttributeValue, ReceivedSpan, SpanStatus } from './otlp.ts';

/** The attribute with the price of a model call in US dollars. */
const COST_ATTRIBUTE = 'tta.llm.cost_usd';

/** The received spans of one trace. */
export interface Trace {
  readonly traceId: string;
  /** The name of the root; until the root is received, the name of the earliest span without its parent. */
  readonly name: string;
  readonly service: string;
  /** The start of the earliest span, ISO 8601. */
  readonly start: string;
  /** The same time in nanoseconds since the epoch, as a decimal string. */
  readonly startTimeUnixNano: string;
  readonly durationMs: number;
  /** All received spans, also dropped ones. `errors` and `dollars` count dropped spans too. */
  readonly spanCount: number;
  readonly droppedSpans: number;
  readonly errors: number;
  /** US dollars spent on model calls. */
  readonly dollars: number;
  /** In the order of their start. */
  readonly spans: readonly TraceSpan[];
}

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** Milliseconds after the start of the trace. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** Totals of all received spans. They are counted at reception, so that they include dropped spans. */
export interface TraceTotals {
  readonly spanCount: number;
  readonly droppedSpans: number;
  readonly errors: number;
  readonly dollars: number;
}

/** @param received at least one span */
export function toTrace(traceId: string, received: Iterable<ReceivedSpan>, totals: TraceTotals): Trace {
  const spans = [...received].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const root =
    spans.find(({ parentSpanId }) => parentSpanId === undefined) ??
    spans.find(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)) ??
    spans[0];
  const start = spans[0]?.start ?? 0n;
  const end = spans.reduce((latest, span) => (span.end > latest ? span.end : latest), start);
  return {
    traceId,
    name: root?.name ?? '',
    service: root?.service ?? '',
    start: isoTime(start),
    startTimeUnixNano: String(start),
    durationMs: toMs(end - start),
    ...totals,
    // The last digits of a sum of binary fractions are rounding errors.
    dollars: Number(totals.dollars.toFixed(12)),
    spans: spans.map((span) => ({
      spanId: span.spanId,
      parentSpanId: span.parentSpanId ?? null,
      name: span.name,
      startMs: toMs(span.start - start),
      durationMs: toMs(span.end - span.start),
      status: span.status,
      statusMessage: span.statusMessage,
      attributes: span.attributes,
    })),
  };
}

/** No call costs more: a larger number is a mistake, and sums of such numbers are infinite. */
const MOST_DOLLARS = 1e9;

/** The cost in the attributes of a span, in US dollars; 0 when it has none. */
export function costOf({ attributes }: Pick<TraceSpan, 'attributes'>): number {
  const cost = attributes[COST_ATTRIBUTE];
  return typeof cost === 'number' && cost > 0 && cost <= MOST_DOLLARS ? cost : 0;
}

function toMs(nanos: bigint): number {
  return Number(nanos) / 1e6;
}

/** The last millisecond that a Date can hold. */
const LATEST_MS = 8_640_000_000_000_000n;

function isoTime(nanos: bigint): string {
  const ms = nanos / 1_000_000n;
  return new Date(Number(ms > LATEST_MS ? LATEST_MS : ms)).toISOString();
}
