/**
 * Sends spans to the collector. The queue is responsible for a span from `add` until the span is delivered or counted as
 * lost. Its decisions are in `span-queue-state.ts`; the spans, the timers, the client and the counters are here.
 *
 * Spans are written as soon as a batch is full: then their bytes are known, and nothing of the program is kept alive.
 * After a failure the queue pauses: requests to a collector that is down are useless, and an open request would keep
 * alive a process that has no more work.
 */

import { inBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { lostSpans } from '../telemetry/lost-spans.ts';
import type { Failure, Verdict } from './answer.ts';
import type { SentRequest } from './collector.ts';
import { Flushes } from './flushes.ts';
import {
  admitSpan,
  beginClosing,
  closeQueue,
  currentPauseMs,
  EMPTY_SPAN_QUEUE,
  type FailedRequest,
  flushEnded,
  flushStarted,
  pauseEnded,
  removeSpans,
  requestDelivered,
  requestFailed,
  requestSplit,
  type SpanQueueRules,
  type SpanQueueState,
  startRequest,
} from './span-queue-state.ts';
import { encodeSpans, MOST_REQUEST_BYTES, type SpanRequest, splitRequest } from './span-request.ts';
import { estimatedBytes } from './span-size.ts';
import type { ReadableSpan } from './span-types.ts';

/** Spans that take more are written before their batch is full. */
const MOST_UNWRITTEN_BYTES = 1024 * 1024;
const LEAST_REQUEST_BYTES = 64 * 1024;
const NO_TIMER = () => {};

const lost = {
  queue_full: lostSpans('queue_full'),
  export_failed: lostSpans('export_failed'),
  shutdown: lostSpans('shutdown'),
};

export interface SpanQueueOptions extends SpanQueueRules {
  readonly client: { send(body: Uint8Array): SentRequest };
  /** How many spans one request holds at most. */
  readonly batchSize: number;
  /** How long a span waits for its batch to fill, in milliseconds. */
  readonly scheduleDelayMs: number;
  /** Called for each kind of failure once. `spans`: how many spans the first one lost. */
  readonly onFailure: (kind: Failure['kind'] | 'rejected', reason: string, spans: number) => void;
}

export class SpanQueue {
  readonly #options: SpanQueueOptions;
  #unwritten: ReadableSpan[] = [];
  #unwrittenBytes = 0;
  readonly #waiting: SpanRequest[] = [];
  readonly #sent = new Map<SpanRequest, SentRequest>();
  readonly #flushes = new Flushes<SpanRequest>();
  readonly #reported = new Set<string>();
  #state: SpanQueueState = EMPTY_SPAN_QUEUE;
  #sendAtOnce: (requests: readonly SpanRequest[]) => number = () => 0;
  #cancelPause = NO_TIMER;
  #cancelSchedule = NO_TIMER;
  /** Becomes less when the collector says that a request is too large. */
  #mostBytes = MOST_REQUEST_BYTES;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** Takes a span that has ended, or counts it as lost. */
  add(span: ReadableSpan): void {
    const bytes = estimatedBytes(span);
    const next = admitSpan(this.#options, this.#state, bytes);
    if (typeof next === 'string') {
      if (next === 'shutdown') this.#afterClose(span);
      else lost.queue_full.value += 1;
      return;
    }
    this.#become(next);
    this.#unwrittenBytes += bytes;
    const waiting = this.#unwritten.push(span);
    if (waiting >= this.#options.batchSize || this.#unwrittenBytes >= MOST_UNWRITTEN_BYTES) this.#sendAll();
    else if (waiting === 1) {
      this.#cancelSchedule = inBackground(this.#options.scheduleDelayMs, () => this.#sendAll());
    }
  }

  /**
   * Resolves when every span so far is delivered or lost. If nothing reaches the collector, it resolves earlier: the
   * spans wait, and are sent again later.
   */
  async flush(): Promise<void> {
    this.#become(flushStarted(this.#state));
    this.#sendAll();
    await this.#flushes.wait([...this.#sent.keys(), ...this.#waiting]);
    this.#become(flushEnded(this.#state));
  }

  /** The last flush: spans that end meanwhile are delivered too, and a collector without an answer is not asked twice. */
  async drain(): Promise<void> {
    this.#become(beginClosing(this.#state, systemClock.now()));
    while (this.#state.phase !== 'closed' && this.#state.pendingSpans > 0) await this.flush();
  }

  /** Counts the spans that are left as lost. Returns how many spans were left. */
  close(): number {
    const closed = closeQueue(this.#state);
    this.#become(closed);
    return closed.spansGivenUp;
  }

  get isClosed(): boolean {
    return this.#state.phase === 'closed';
  }

  /**
   * Closes the queue. What waits is sent by `send`, which returns how many spans the collector accepted. Each span that
   * ends later is sent by it at once.
   */
  closeWith(send: (requests: readonly SpanRequest[]) => number): void {
    if (this.#state.phase === 'closed') return;
    this.#write();
    const sent = [...this.#sent].filter(([, { isHandedOver }]) => !isHandedOver()).map(([request]) => request);
    const accepted = send([...sent, ...this.#waiting]);
    this.#become(removeSpans(this.#state, { spans: accepted, bytes: 0 }));
    this.close();
    this.#sendAtOnce = send;
  }

  #afterClose(span: ReadableSpan): void {
    lost.shutdown.value += 1 - this.#sendAtOnce(encodeSpans([span]).requests);
  }

  /** The only place that changes the state. Starts and cancels the timer of the pause, and empties a closed queue. */
  #become(next: SpanQueueState): void {
    const before = this.#state;
    this.#state = next;
    const pauseMs = currentPauseMs(next);
    if (pauseMs !== currentPauseMs(before)) {
      this.#cancelPause();
      this.#cancelPause = pauseMs === undefined ? NO_TIMER : inBackground(pauseMs, () => this.#endPause());
    }
    if (next.phase !== 'closed' || before.phase === 'closed') return;
    lost.shutdown.value += next.spansGivenUp;
    this.#cancelSchedule();
    this.#unwritten = [];
    this.#sent.clear();
    this.#waiting.length = 0;
    this.#flushes.endAll();
  }

  #endPause(): void {
    this.#become(pauseEnded(this.#state));
    this.#sendWaiting();
  }

  #sendAll(): void {
    this.#write();
    this.#sendWaiting();
  }

  /** Makes requests of the spans that have none. */
  #write(): void {
    if (this.#unwritten.length === 0) return;
    this.#cancelSchedule();
    const spans = this.#unwritten;
    const estimate = this.#unwrittenBytes;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    const { requests, unreadable } = encodeSpans(spans, this.#mostBytes);
    lost.export_failed.value += unreadable;
    const bytes = requests.reduce((sum, { body }) => sum + body.byteLength, 0);
    this.#become(removeSpans(this.#state, { spans: unreadable, bytes: estimate - bytes }));
    this.#waiting.push(...requests);
  }

  #sendWaiting(): void {
    for (;;) {
      const next = startRequest(this.#state, this.#waiting.length);
      if (next === undefined) return;
      this.#become(next);
      const request = this.#waiting.shift() as SpanRequest;
      const sentAt = systemClock.now();
      const sent = this.#options.client.send(request.body);
      this.#sent.set(request, sent);
      void sent.verdict
        .catch((error: unknown): Verdict => ({ kind: 'refused', reason: String(error) }))
        .then((verdict) => this.#receive(verdict, request, sentAt));
    }
  }

  #receive(verdict: Verdict, request: SpanRequest, sentAt: number): void {
    // `close` has counted these spans already.
    if (this.#state.phase === 'closed') return;
    this.#sent.delete(request);
    const load = { spans: request.spans, bytes: request.body.byteLength };
    if (verdict.kind === 'delivered') {
      const rejected = Math.min(verdict.rejected, request.spans);
      lost.export_failed.value += rejected;
      if (rejected > 0) this.#report('rejected', verdict.reason, rejected);
      this.#become(requestDelivered(this.#state, load));
      this.#flushes.settle(request);
    } else if (verdict.kind === 'too_large' && request.spans > 1) {
      this.#mostBytes = Math.max(LEAST_REQUEST_BYTES, Math.min(this.#mostBytes, load.bytes / 2));
      this.#become(requestSplit(this.#state));
      const parts = splitRequest(request);
      this.#waiting.unshift(...parts);
      this.#flushes.replace(request, parts);
    } else {
      const outcome = verdict.kind === 'busy' || verdict.kind === 'unreachable' ? verdict.kind : 'lost';
      if (outcome === 'lost') lost.export_failed.value += request.spans;
      this.#report(verdict.kind, verdict.reason, outcome === 'lost' ? request.spans : 0);
      if (outcome !== 'lost') this.#waiting.unshift(request);
      const failedAt = systemClock.now();
      const { retryAfterMs } = verdict;
      const failed: FailedRequest = { ...load, outcome, retryAfterMs, tookMs: failedAt - sentAt, failedAt };
      this.#become(requestFailed(this.#options, this.#state, failed));
      if (outcome === 'lost') this.#flushes.settle(request);
      else if (outcome === 'unreachable') this.#flushes.endAll();
    }
    this.#sendWaiting();
  }

  #report(kind: Failure['kind'] | 'rejected', reason: string, spans: number): void {
    if (this.#reported.has(kind)) return;
    this.#reported.add(kind);
    this.#options.onFailure(kind, reason, spans);
  }
}
