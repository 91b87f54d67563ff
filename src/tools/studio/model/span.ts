/** A received span, the same for both encodings of OTLP, for the store and for the page. */
export interface StudioSpan {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** Whether the parent is of another process, where the exporter tells: such a span is the root of its process. */
  readonly isParentRemote?: boolean;
  readonly name: string;
  readonly kind: SpanKind;
  /** The `service.name` of its resource. */
  readonly service: string;
  /** The name of its instrumentation scope; empty where it has none. */
  readonly scope: string;
  /** Microseconds since the Unix epoch, a whole number: nanoseconds since then do not fit into a number. */
  readonly startUs: number;
  /** The nanoseconds that `startUs` leaves out, 0 to 999. */
  readonly startRestNs: number;
  /** Nanoseconds. */
  readonly durationNs: number;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** The attributes of its resource, `service.name` included. */
  readonly resource: Attributes;
  /** How many values were left out or cut, because the span was too large. */
  readonly cut: number;
}

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type SpanStatus = 'unset' | 'ok' | 'error';
export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface SpanEvent {
  readonly name: string;
  /** Microseconds since the Unix epoch. */
  readonly atUs: number;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** When the span ended, in microseconds since the Unix epoch; the fraction is not exact. */
export function endUs({ startUs, startRestNs, durationNs }: StudioSpan): number {
  return startUs + (startRestNs + durationNs) / 1_000;
}
