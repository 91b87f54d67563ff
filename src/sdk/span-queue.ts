/**
 * Takes batches of spans to the collector. It owns a batch from the moment it is handed over until the collector has
 * it or it is counted as lost, a few at a time, so that a burst does not open a hundred connections. After a failure
 * it rests: whoever is down is not knocked at for every batch, and a request under way is what would hold a process
 * that has come to its end.
 */
import { type Context, context } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { inBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { lostSpans } from '../telemetry/instruments.ts';

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const DELIVERED = 0;
const AT_ONCE = 4;
/** How many waiting batches go in one request when they pile up, because a busy event loop answers a request late. */
const MOST_IN_ONE = 8;
const SHORTEST_REST_MS = 1_000;
const LONGEST_REST_MS = 5_000;
const JUST_NOW_MS = 100;

const lost = {
  queueFull: lostSpans('queue_full'),
  failed: lostSpans('export_failed'),
  shutdown: lostSpans('shutdown'),
};

interface Batch {
  readonly spans: ReadableSpan[];
  /** In which the batch processor handed it over: instrumentations see there that this request is not to be traced. */
  readonly context: Context;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  /** How many spans may be on their way, waiting ones included. */
  readonly maxPending: number;
  /** A failure that takes this long is a collector that does not answer: a process at its end does not ask it twice. */
  readonly slowFailureMs: number;
  /** Called for the first batch that fails, and never again. */
  readonly onFirstFailure: (error: Error | undefined) => void;
}

export class SpanQueue implements SpanExporter {
  readonly #options: SpanQueueOptions;
  #pending = 0;
  readonly #waiting: Batch[] = [];
  readonly #open = new Set<Batch>();
  #underWay = 0;
  #starting = false;
  #failedBefore = false;
  #restMs = SHORTEST_REST_MS;
  #stopResting: (() => void) | undefined;
  #hurried = 0;
  #closing = false;
  #closed = false;
  #givenUp = 0;
  #slowFailureAt = Number.NEGATIVE_INFINITY;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
  }

  /** Takes responsibility for one span that ended. `false`: it cannot be taken, and has been counted as lost. */
  admit(): boolean {
    const refused = this.#closed
      ? lost.shutdown
      : this.#pending >= this.#options.maxPending
        ? lost.queueFull
        : undefined;
    if (refused === undefined) this.#pending += 1;
    else refused.value += 1;
    return refused === undefined;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    if (!this.#closed) {
      let settle = () => {};
      const settled = new Promise<void>((resolve) => {
        settle = resolve;
      });
      const batch = { spans, context: context.active(), settled, settle };
      this.#open.add(batch);
      this.#waiting.push(batch);
      this.#next();
    }
    // The batch processor need not wait, nor know how it ends.
    done({ code: DELIVERED });
  }

  /** Resolves when every batch handed over so far is delivered or lost. Rests only where nobody answers. */
  async forceFlush(): Promise<void> {
    this.#hurried += 1;
    this.#stopResting?.();
    this.#next();
    await Promise.all([...this.#open].map((batch) => batch.settled));
    this.#hurried -= 1;
  }

  /** From now on a collector that does not answer is not asked again. */
  closeSoon(): void {
    this.#closing = true;
    if (systemClock.now() - this.#slowFailureAt < JUST_NOW_MS) this.close();
  }

  /** Gives up what is left, and counts it. Returns how many spans that were. */
  close(): number {
    if (this.#closed) return this.#givenUp;
    this.#closed = true;
    this.#givenUp = this.#pending;
    lost.shutdown.value += this.#pending;
    this.#waiting.length = 0;
    this.#stopResting?.();
    for (const { settle } of this.#open) settle();
    this.#open.clear();
    return this.#givenUp;
  }

  /** The batch processor calls this once it has handed over everything. */
  async shutdown(): Promise<void> {}

  #next(): void {
    // An export that ends before it returns comes back here: the loop goes on where it stands, not one level deeper.
    if (this.#starting) return;
    this.#starting = true;
    while (this.#underWay < AT_ONCE && this.#stopResting === undefined) {
      const batches = this.#waiting.splice(0, this.#share());
      if (batches.length === 0) break;
      this.#send(batches);
    }
    this.#starting = false;
  }

  /** One at a time while the collector fails: what waits may still arrive, what is tried in vain is lost. */
  #share(): number {
    if (this.#restMs > SHORTEST_REST_MS) return 1;
    return Math.min(MOST_IN_ONE, Math.ceil(this.#waiting.length / AT_ONCE));
  }

  #send(batches: readonly Batch[]): void {
    const [first] = batches as [Batch];
    const spans = batches.length === 1 ? first.spans : batches.flatMap((batch) => batch.spans);
    const startedAt = systemClock.now();
    this.#underWay += 1;
    let open = true;
    const done = (result: ExportResult) => {
      if (!open) return;
      open = false;
      this.#underWay -= 1;
      if (this.#closed) return;
      this.#pending -= spans.length;
      for (const batch of batches) this.#open.delete(batch);
      if (result.code === DELIVERED) this.#restMs = SHORTEST_REST_MS;
      else this.#failed(spans.length, result.error, systemClock.now() - startedAt);
      for (const batch of batches) batch.settle();
      this.#next();
    };
    try {
      context.with(first.context, () => this.#options.exporter.export(spans, done));
    } catch (error) {
      done({ code: DELIVERED + 1, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  #failed(spans: number, error: Error | undefined, tookMs: number): void {
    lost.failed.value += spans;
    if (!this.#failedBefore) {
      this.#failedBefore = true;
      this.#options.onFirstFailure(error);
    }
    const slow = tookMs >= this.#options.slowFailureMs;
    if (slow) this.#slowFailureAt = systemClock.now();
    if (slow && this.#closing) this.close();
    if (this.#closed || this.#stopResting !== undefined || (this.#hurried > 0 && !slow)) return;
    const cancel = inBackground(this.#restMs, () => {
      this.#stopResting = undefined;
      this.#next();
    });
    this.#stopResting = () => {
      cancel();
      this.#stopResting = undefined;
    };
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  }
}
