/**
 * Sends batches of spans to the collector. The queue is responsible for a span from `admit` until the span is delivered
 * or counted as lost. Its decisions are in `span-queue-state.ts`; the batches, the timer, the exporter and the counters
 * are here.
 *
 * After a failure the queue pauses: requests to a collector that is down are useless, and an open request would keep
 * alive a process that has no more work.
 */
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { inBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { lostSpans } from '../telemetry/instruments.ts';
import { createBatch, type ExportResult, type SpanBatch, SUCCESS, sendBatches } from './span-batch.ts';
import {
  admitSpan,
  closeOnSlowFailure,
  closeQueue,
  currentPauseMs,
  EMPTY_SPAN_QUEUE,
  flushEnded,
  flushStarted,
  pauseEnded,
  requestDelivered,
  requestFailed,
  type SpanQueueRules,
  type SpanQueueState,
  startRequest,
} from './span-queue-state.ts';

const NO_PAUSE = () => {};

const lost = {
  queue_full: lostSpans('queue_full'),
  export_failed: lostSpans('export_failed'),
  shutdown: lostSpans('shutdown'),
};

export interface SpanQueueOptions extends SpanQueueRules {
  readonly exporter: SpanExporter;
  /** Called once, for the first request that fails. */
  readonly onFirstFailure: (error: Error | undefined) => void;
}

export class SpanQueue implements SpanExporter {
  readonly #options: SpanQueueOptions;
  readonly #waiting: SpanBatch[] = [];
  readonly #sent = new Set<SpanBatch>();
  #state: SpanQueueState = EMPTY_SPAN_QUEUE;
  #cancelPause = NO_PAUSE;
  #isSending = false;
  #hasFailed = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** Accepts one span that has ended. `false`: the span is refused and counted as lost. */
  admit(): boolean {
    const next = admitSpan(this.#options, this.#state);
    if (typeof next === 'string') {
      lost[next].value += 1;
      return false;
    }
    this.#become(next);
    return true;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    // A closed queue has counted these spans as lost already.
    if (this.#state.phase !== 'closed') {
      this.#waiting.push(createBatch(spans));
      this.#sendWaiting();
    }
    // The batch processor does not wait for the collector, and does not need the result.
    done({ code: SUCCESS });
  }

  /** Resolves when every batch so far is delivered or lost. The queue pauses only if the collector does not answer. */
  async forceFlush(): Promise<void> {
    this.#become(flushStarted(this.#state));
    this.#sendWaiting();
    await Promise.all([...this.#sent, ...this.#waiting].map(({ settled }) => settled));
    this.#become(flushEnded(this.#state));
  }

  /** From now on the first slow failure closes the queue: a process that ends must not wait twice for the collector. */
  closeOnSlowFailure(): void {
    this.#become(closeOnSlowFailure(this.#state, systemClock.now()));
  }

  /** Counts the spans that are left as lost. Returns how many spans were left. */
  close(): number {
    const closed = closeQueue(this.#state);
    this.#become(closed);
    return closed.spansGivenUp;
  }

  /** The batch processor calls this when it has exported everything. */
  async shutdown(): Promise<void> {}

  /** The only place that changes the state. Starts and cancels the timer of the pause, and empties a closed queue. */
  #become(next: SpanQueueState): void {
    const before = this.#state;
    this.#state = next;
    const pauseMs = currentPauseMs(next);
    if (pauseMs !== currentPauseMs(before)) {
      this.#cancelPause();
      this.#cancelPause = pauseMs === undefined ? NO_PAUSE : inBackground(pauseMs, () => this.#endPause());
    }
    if (next.phase !== 'closed' || before.phase === 'closed') return;
    lost.shutdown.value += next.spansGivenUp;
    for (const batch of [...this.#sent, ...this.#waiting]) batch.settle();
    this.#sent.clear();
    this.#waiting.length = 0;
  }

  #endPause(): void {
    this.#become(pauseEnded(this.#state));
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    // An exporter may answer before `export` returns. That calls this method again; the loop below goes on instead.
    if (this.#isSending) return;
    this.#isSending = true;
    for (;;) {
      const request = startRequest(this.#state, this.#waiting.length);
      if (request === undefined) break;
      this.#become(request.state);
      this.#send(this.#waiting.splice(0, request.batches));
    }
    this.#isSending = false;
  }

  #send(batches: readonly SpanBatch[]): void {
    const sentAt = systemClock.now();
    for (const batch of batches) this.#sent.add(batch);
    sendBatches(this.#options.exporter, batches, (result) => this.#receive(result, batches, sentAt));
  }

  #receive({ code, error }: ExportResult, batches: readonly SpanBatch[], sentAt: number): void {
    // `close` has counted these spans as lost and settled their batches.
    if (this.#state.phase === 'closed') return;
    const spans = batches.reduce((sum, batch) => sum + batch.spans.length, 0);
    for (const batch of batches) this.#sent.delete(batch);
    if (code === SUCCESS) {
      this.#become(requestDelivered(this.#state, spans));
    } else {
      lost.export_failed.value += spans;
      const failedAt = systemClock.now();
      this.#become(requestFailed(this.#options, this.#state, { spans, tookMs: failedAt - sentAt, failedAt }));
      if (!this.#hasFailed) {
        this.#hasFailed = true;
        this.#options.onFirstFailure(error);
      }
    }
    for (const batch of batches) batch.settle();
    this.#sendWaiting();
  }
}
