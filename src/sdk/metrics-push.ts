/**
 * Sends the metrics to a collector. Each delivery has everything since the start of the process, out of the table of the
 * exporter: nothing waits in a queue, and the next delivery makes good for one that fails.
 */
import type { Attributes } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { afterCallbacks, inBackground } from '../platform/background.ts';
import { systemClock } from '../platform/clock.ts';
import { messageOf } from '../platform/message-of.ts';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import { workOf } from '../prometheus/work.ts';
import { failedPushes } from '../telemetry/scrapes.ts';
import type { Failure, Verdict } from './answer.ts';
import { CollectorClient, type CollectorOptions, withoutSecrets } from './collector.ts';
import { beginLast } from './last-requests.ts';
import type { MetricsPushSettings } from './metrics-push-settings.ts';
import { encodeMetrics, type MetricsState } from './metrics-request.ts';
import { MOST_REQUEST_BYTES } from './span-request.ts';
import { warn } from './warn.ts';

const LEAST_REQUEST_BYTES = 64 * 1024;
/** The first wait before a collector that is busy is asked again; the next ones are longer. */
const FIRST_WAIT_MS = 200;

/** A reading of the table, and the work that it shows. */
interface Reading extends MetricsState {
  readonly work: string;
}

export class MetricsPush {
  readonly url: string;
  readonly #exporter: Pick<InternalExporter, 'collect' | 'metricsNow'>;
  readonly #resource: Attributes;
  readonly #settings: MetricsPushSettings;
  readonly #isElsewhere: () => boolean;
  readonly #collector: CollectorOptions;
  readonly #client: CollectorClient;
  readonly #startMs = Math.floor(systemClock.date());
  #lastMs = this.#startMs;
  #last: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #cancelNext = () => {};
  /** Becomes less when the collector says that a request is too large. */
  #mostBytes = MOST_REQUEST_BYTES;
  /** The series that the collector has, by their metric: some metrics share the attributes. */
  readonly #delivered = new Map<string, WeakSet<Attributes>>();
  #hasFinished = false;
  /** The work of the last reading whose delivery has ended, well or not. */
  #settledWork: string | undefined;
  readonly #reported = new Set<string>();

  /**
   * @param resource its `service.instance.id` keeps processes of one service apart
   * @param isElsewhere whether another process has the metrics of this one, and delivers them
   */
  constructor(
    exporter: Pick<InternalExporter, 'collect' | 'metricsNow'>,
    resource: Attributes,
    settings: MetricsPushSettings,
    isElsewhere: () => boolean = () => false,
  ) {
    this.url = withoutSecrets(settings.url);
    this.#exporter = exporter;
    this.#resource = resource;
    this.#settings = settings;
    this.#isElsewhere = isElsewhere;
    this.#collector = { ...settings, timeoutMs: settings.exportTimeoutMs };
    this.#client = new CollectorClient(this.#collector);
    this.#scheduleNext();
    failedPushes();
  }

  /** Delivers the metrics as they are after this call. Never rejects; takes `exportTimeoutMs` after an earlier delivery. */
  push(): Promise<void> {
    this.#waiting ??= this.#last = this.#last.then(async () => {
      this.#waiting = undefined;
      try {
        await this.#deliver();
      } catch (error) {
        this.#fail('unreadable', messageOf(error));
      }
    });
    return this.#waiting;
  }

  /**
   * As `push`, when the program has no more work: once, because a delivery is work for the event loop too. What is counted
   * after it is for `beginLast`.
   */
  async finish(): Promise<void> {
    if (this.#hasFinished) return;
    this.#hasFinished = true;
    await this.push();
  }

  stop(): void {
    this.#cancelNext();
    this.#cancelNext = () => {};
  }

  /**
   * Begins the last delivery, by a thread, in a process that exits. Returns a function that waits until it has ended, or
   * `timeoutMs` after the beginning at the latest.
   */
  beginLast(timeoutMs: number): () => void {
    this.stop();
    if (this.#isElsewhere()) return () => {};
    const deadline = systemClock.now() + timeoutMs;
    const reading = this.#read(this.#exporter.metricsNow());
    if (reading.work === this.#settledWork) return () => {};
    const begin = (mostBytes: number) =>
      beginLast(
        [...this.#encode(reading, mostBytes)].filter((body) => body !== undefined),
        this.#collector,
        deadline - systemClock.now(),
      );
    const requests = begin(this.#mostBytes);
    return () => {
      if (requests.wait().includes(413)) begin(LEAST_REQUEST_BYTES).wait();
      this.#settledWork = reading.work;
    };
  }

  #scheduleNext(): void {
    this.#cancelNext = inBackground(this.#settings.intervalMs, () => {
      const cancel = this.#cancelNext;
      void this.push().then(() => {
        if (this.#cancelNext === cancel) this.#scheduleNext();
      });
    });
  }

  async #deliver(): Promise<void> {
    if (this.#isElsewhere()) return;
    const deadline = systemClock.now() + this.#settings.exportTimeoutMs;
    const { resourceMetrics } = await this.#exporter.collect();
    const reading = this.#read(resourceMetrics.scopeMetrics);
    const failures = await this.#sendAll(reading, deadline);
    this.#settledWork = reading.work;
    if (failures === 0) this.#noteDelivered(reading);
  }

  /** A request that is refused takes no other one along. Returns how many failed. */
  async #sendAll(reading: Reading, deadline: number): Promise<number> {
    const failures: [kind: Failure['kind'] | 'rejected', reason: string][] = [];
    for (const body of this.#encode(reading, this.#mostBytes)) {
      if (body === undefined) {
        await new Promise<void>((resolve) => afterCallbacks(resolve));
        continue;
      }
      const verdict = await this.#send(body, deadline);
      if (verdict.kind === 'too_large' && this.#mostBytes > LEAST_REQUEST_BYTES) {
        this.#mostBytes = Math.max(LEAST_REQUEST_BYTES, Math.min(this.#mostBytes, body.byteLength) / 2);
        return this.#sendAll(reading, deadline);
      }
      if (verdict.kind !== 'delivered') failures.push([verdict.kind, verdict.reason]);
      else if (verdict.rejected > 0) failures.push(['rejected', verdict.reason]);
      if (verdict.kind !== 'delivered' && verdict.kind !== 'refused' && verdict.kind !== 'too_large') break;
    }
    const [first] = failures;
    if (first !== undefined) this.#fail(...first);
    return failures.length;
  }

  async #send(body: Uint8Array, deadline: number): Promise<Verdict> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      const verdict = await this.#client.send(body).verdict;
      const { kind } = verdict;
      if (kind !== 'busy') return verdict;
      const pauseMs = verdict.retryAfterMs ?? waitMs;
      if (systemClock.now() + pauseMs >= deadline) return verdict;
      await new Promise<void>((resolve) => inBackground(pauseMs, resolve));
    }
  }

  /** Times of one series increase by a millisecond at least: Prometheus has no finer ones. */
  #read(scopeMetrics: readonly ScopeMetrics[]): Reading {
    const zeroMs = this.#lastMs;
    const atMs = Math.max(Math.floor(systemClock.date()), zeroMs + 1);
    return {
      scopeMetrics,
      times: { startMs: this.#startMs, atMs, zeroMs },
      isNew: (metric, attributes) => this.#delivered.get(metric)?.has(attributes) !== true,
      work: workOf(scopeMetrics),
    };
  }

  #noteDelivered({ scopeMetrics }: Reading): void {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      const series = this.#delivered.get(descriptor.name) ?? new WeakSet();
      this.#delivered.set(descriptor.name, series);
      for (const { attributes } of dataPoints) series.add(attributes);
    }
  }

  *#encode(reading: Reading, mostBytes: number): Generator<Uint8Array | undefined> {
    this.#lastMs = reading.times.atMs;
    yield* encodeMetrics(this.#resource, reading, mostBytes);
  }

  #fail(kind: Failure['kind'] | 'rejected' | 'unreadable', reason: string): void {
    failedPushes().value += 1;
    if (this.#reported.has(kind)) return;
    this.#reported.add(kind);
    warn(
      `Metrics could not be delivered to ${this.url}: ${reason || 'no reason given'}. ${REMEDY[kind]} Workflows run on, ` +
        'the next delivery has everything that this one had, and the metrics count failed ones. This warning is printed once.',
    );
  }
}

const START =
  'Start a collector there that takes metrics (see push.yaml of `npx tta export collector`), or name another with ' +
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT (OTLP over HTTP).';

const REMEDY: Readonly<Record<Failure['kind'] | 'rejected' | 'unreadable', string>> = {
  unreachable: START,
  timed_out: START,
  refused: START,
  busy: 'The collector is overloaded.',
  too_large: 'One metric is larger than what the collector accepts: raise its limit for the size of a request.',
  rejected: 'The collector refuses some values, and took the others.',
  unreadable: 'The metrics could not be collected.',
};
