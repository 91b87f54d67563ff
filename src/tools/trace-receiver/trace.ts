import type { AttributeValue, ReceivedSpan, SpanStatus } from './otlp.ts';

/** The attribute in which a model call tells its price in US dollars. */
const COST_ATTRIBUTE = 'tta.llm.cost_usd';

/** One trace as far as it has come in. */
export interface Trace {
  readonly traceId: string;
  /** The root's name; until it comes in, that of the earliest span without its parent. */
  readonly name: string;
  readonly service: string;
  /** When the earliest span began, ISO 8601. */
  readonly start: string;
  /** The same to the nanosecond, as a decimal string. */
  readonly startTimeUnixNano: string;
  readonly durationMs: number;
  /** Spans that came in, those since dropped included; so are `errors` and `dollars`. */
  readonly spanCount: number;
  readonly droppedSpans: number;
  readonly errors: number;
  /** US dollars spent on model calls. */
  readonly dollars: number;
  /** By start. */
  readonly spans: readonly TraceSpan[];
}

export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** Milliseconds after the trace's start. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** What is counted as spans come in, so that it survives their being dropped. */
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
    // Sums of binary fractions: the last digits are noise.
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

/** The US dollars that a span says it cost. */
export function costOf({ attributes }: Pick<TraceSpan, 'attributes'>): number {
  const cost = attributes[COST_ATTRIBUTE];
  return typeof cost === 'number' && Number.isFinite(cost) ? cost : 0;
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
