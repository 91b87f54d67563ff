/** Batches of spans, and one request to the collector that carries several of them. */
import { type Context, context } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';

export type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** `ExportResultCode` of `@opentelemetry/core`. */
export const SUCCESS = 0;
const FAILED = 1;

export interface SpanBatch {
  readonly spans: ReadableSpan[];
  /** The context that was active when the batch was created. In it, instrumentations do not trace the request. */
  readonly context: Context;
  /** Resolves when the batch is delivered or lost. */
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

export function createBatch(spans: ReadableSpan[]): SpanBatch {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { spans, context: context.active(), settled, settle };
}

/**
 * Exports one or more batches in one request. Calls `onAnswer` exactly once, perhaps before it returns. An error that
 * the exporter throws is a failure; a second answer of the exporter is ignored.
 */
export function sendBatches(
  exporter: SpanExporter,
  batches: readonly SpanBatch[],
  onAnswer: (result: ExportResult) => void,
): void {
  const [first] = batches as [SpanBatch];
  const spans = batches.length === 1 ? first.spans : batches.flatMap((batch) => batch.spans);
  let isAnswered = false;
  const answerOnce = (result: ExportResult) => {
    if (isAnswered) return;
    isAnswered = true;
    onAnswer(result);
  };
  try {
    context.with(first.context, () => exporter.export(spans, answerOnce));
  } catch (error) {
    answerOnce({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
  }
}
