import { setMaxListeners } from 'node:events';
import type { Clock } from '../../platform/clock.ts';

export interface SendOptions {
  readonly clock: Clock;
  /** Requests per second, independent of answers. `undefined`: each request starts when an earlier one has ended. */
  readonly rate: number | undefined;
  /** The largest number of open requests. When it is too small for the rate, requests start late. */
  readonly concurrency: number;
  /** How long requests are started, in milliseconds. Open requests are then awaited. */
  readonly durationMs: number;
  /** When it aborts, no more requests are started. */
  readonly signal: AbortSignal;
  /** Sends one request; `n` counts from 0. */
  readonly request: (n: number) => Promise<unknown>;
  readonly onResult: (result: RequestResult) => void;
}

export interface RequestResult {
  /** Milliseconds from the scheduled start of the request to its end: the latency of a caller, with the wait. */
  readonly sinceScheduledMs: number;
  /** Milliseconds from the real start of the request to its end. */
  readonly sinceStartMs: number;
  /** The error; `undefined` after a success. */
  readonly failure: unknown;
}

export interface SendResult {
  readonly started: number;
  /** Requests that were scheduled within the duration but never started, because `concurrency` was too small. */
  readonly notStarted: number;
  readonly seconds: number;
}

/**
 * Starts requests at scheduled times, even if earlier requests are not answered. If a request waits behind a slow
 * request, the wait is part of its latency. A loop that waits for each answer would send fewer requests during a stall,
 * and its latencies would not show the stall (coordinated omission).
 */
export async function sendRequests(options: SendOptions): Promise<SendResult> {
  const { clock, rate, concurrency, durationMs, signal, request, onResult } = options;
  const startedAt = clock.now();
  const endsAt = startedAt + durationMs;
  const planned = rate === undefined ? Number.POSITIVE_INFINITY : Math.ceil((rate * durationMs) / 1_000);
  const scheduledAt = (n: number) => (rate === undefined ? clock.now() : startedAt + (n * 1_000) / rate);
  let started = 0;

  const next = () => (started < planned && clock.now() < endsAt && !signal.aborted ? started++ : undefined);

  async function work(): Promise<void> {
    for (let n = next(); n !== undefined; n = next()) {
      const scheduled = scheduledAt(n);
      const waitMs = scheduled - clock.now();
      if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => {});
      // This request was counted as started but was not sent.
      if (signal.aborted) {
        started -= 1;
        return;
      }
      const sentAt = clock.now();
      const failure = await request(n).then(
        () => undefined,
        (error: unknown) => error ?? new Error('rejected with nothing'),
      );
      const now = clock.now();
      onResult({ sinceScheduledMs: now - scheduled, sinceStartMs: now - sentAt, failure });
    }
  }

  // Each waiting request has a listener, which is no leak.
  setMaxListeners(0, signal);
  await Promise.all(Array.from({ length: concurrency }, work));
  const notStarted = rate === undefined || signal.aborted ? 0 : planned - started;
  return { started, notStarted, seconds: (clock.now() - startedAt) / 1_000 };
}
