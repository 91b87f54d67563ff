/** Takes spans by OTLP over HTTP, with the receiver of Studio, and keeps them in memory. */
import { serveLoopback } from '../../src/platform/loopback.ts';
import type { ReceiverState } from '../../src/tools/studio/api.ts';
import type { StudioSpan } from '../../src/tools/studio/model/span.ts';
import { createReceiver } from '../../src/tools/studio/receive/receiver.ts';

export interface SpanReceiver {
  /** The endpoint for an OTLP exporter. */
  readonly url: string;
  /** In the order of their arrival. */
  readonly spans: readonly StudioSpan[];
  /** The spans of each trace. */
  traces(): readonly (readonly StudioSpan[])[];
  state(): ReceiverState;
  close(): Promise<void>;
}

/** @param port 0 for any free one */
export async function startSpanReceiver({ port = 0 } = {}): Promise<SpanReceiver> {
  const spans: StudioSpan[] = [];
  const receiver = createReceiver({ onSpans: (given) => spans.push(...given) });
  const { handle, other: onOther, state } = receiver;
  const { url, close } = await serveLoopback({ name: 'startSpanReceiver', host: '127.0.0.1', port, handle, onOther });
  return {
    url,
    spans,
    state,
    traces: () =>
      [...new Set(spans.map(({ traceId }) => traceId))].map((id) => spans.filter(({ traceId }) => traceId === id)),
    close,
  };
}
