/**
 * Collections while nobody scrapes. Where a provider has two readers, each collection of one is kept for the other until
 * that one collects too. Without scrapes the SDK would keep them for ever.
 */
import type { MetricProducer } from '@opentelemetry/sdk-metrics';
import { inBackground } from '../platform/background.ts';
import { readProperty } from '../platform/read-property.ts';

/** As long as between two scrapes. A reader that collects every second leaves 15 collections, of 2,000 series each. */
const IDLE_MS = 15_000;

export class IdleCollection {
  readonly #collect: () => Promise<unknown>;
  #isOn = false;
  #cancel = () => {};

  constructor(collect: () => Promise<unknown>) {
    this.#collect = collect;
  }

  start(producer: MetricProducer): void {
    // The provider gets its other readers in the same turn.
    queueMicrotask(() => {
      this.#isOn = hasOtherReaders(producer);
      this.postpone();
    });
  }

  /** To be called after each collection. */
  postpone(): void {
    this.#cancel();
    if (!this.#isOn) return;
    this.#cancel = inBackground(IDLE_MS, () => {
      this.#collect().catch(() => {});
    });
  }

  stop(): void {
    this.#isOn = false;
    this.#cancel();
  }
}

/** Read from the SDK's inside. Where it is not as expected there may be some. */
function hasOtherReaders(producer: MetricProducer): boolean {
  const readers = readProperty(readProperty(producer, '_sharedState'), 'metricCollectors');
  return !Array.isArray(readers) || readers.length > 1;
}
