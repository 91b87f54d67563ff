/** Sends spans to a collector as an application does, and records which of them were accepted. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface TraceShape {
  /** @default 5 */
  readonly spans?: number;
  readonly error?: boolean;
  /** The duration of the root span. @default 0.01 */
  readonly seconds?: number;
  /** Attributes of the last span. */
  readonly attributes?: Readonly<Record<string, number | string>>;
  /** The name of every span. @default "work" */
  readonly name?: string;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
}

const id = (bytes: number) => randomBytes(bytes).toString('hex');
const anyValue = (value: number | string) =>
  typeof value === 'number' ? { doubleValue: value } : { stringValue: value };

/** The spans of one trace: an ended root and its children. */
export function makeTrace({ spans = 5, error, seconds = 0.01, attributes = {}, name = 'work' }: TraceShape = {}) {
  const traceId = id(16);
  const root = id(8);
  const end = Date.now() * 1_000_000;
  return Array.from({ length: spans }, (_, i) => ({
    traceId,
    spanId: i === 0 ? root : id(8),
    ...(i === 0 ? {} : { parentSpanId: root }),
    name,
    kind: 1,
    startTimeUnixNano: String(end - (i === 0 ? seconds * 1e9 : 1e6)),
    endTimeUnixNano: String(end),
    status: error && i === 0 ? { code: 2 } : {},
    attributes:
      i === spans - 1 ? Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) })) : [],
  }));
}

/** Sends spans and returns the status of the answer. Rejects when there is no answer. */
export async function postSpans(
  url: string,
  spans: readonly SentSpan[],
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'sender' } }] };
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'sender' }, spans }] }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

export interface SpanSender {
  /** The ids of the spans that were answered with 200. */
  readonly accepted: ReadonlySet<string>;
  stop(): Promise<void>;
}

/** Sends requests with ten traces each until it is stopped, four at the same time. */
export function sendSpans(url: string, headers: Readonly<Record<string, string>> = {}): SpanSender {
  const accepted = new Set<string>();
  let stopped = false;
  async function send(): Promise<void> {
    while (!stopped) {
      const spans = Array.from({ length: 10 }, () => makeTrace()).flat();
      // Without an answer it is not known whether the spans were accepted: they are not counted and not sent again.
      const status = await postSpans(url, spans, headers).catch(() => undefined);
      if (status === 200) for (const { spanId } of spans) accepted.add(spanId);
      else await pause(20);
    }
  }
  const senders = Array.from({ length: 4 }, send);
  return {
    accepted,
    async stop() {
      stopped = true;
      await Promise.all(senders);
    },
  };
}
