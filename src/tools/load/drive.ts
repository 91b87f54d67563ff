import { setMaxListeners } from 'node:events';
import type { Clock } from '../../platform/clock.ts';

export interface DriveOptions {
  readonly clock: Clock;
  /** Requests that are due per second, whatever became of those before; `undefined` for the next as soon as one ends. */
  readonly rate: number | undefined;
  /** The most requests at once. Where it does not suffice for the rate, requests begin late. */
  readonly concurrency: number;
  /** How long requests are begun, in milliseconds. Those under way are waited for. */
  readonly durationMs: number;
  /** No request is begun once it aborts. */
  readonly signal: AbortSignal;
  /** One request, counted from 0. */
  readonly request: (n: number) => Promise<unknown>;
  readonly onDone: (done: Done) => void;
}

export interface Done {
  /** Milliseconds since it was due: what a caller waited who came when the plan says so, the time in line included. */
  readonly sinceDueMs: number;
  /** Milliseconds since it was begun. */
  readonly sinceBegunMs: number;
  readonly failure: unknown;
}

export interface Driven {
  readonly begun: number;
  /** Due within the duration, yet no place was free for them. */
  readonly notBegun: number;
  readonly seconds: number;
}

/**
 * Sends requests by a plan and not by how fast they are answered: a stall delays those behind it, and their wait counts.
 * A loop that waits for each answer would ask less while it is slow, and hide that (coordinated omission).
 */
export async function drive(options: DriveOptions): Promise<Driven> {
  const { clock, rate, concurrency, durationMs, signal, request, onDone } = options;
  const startedAt = clock.now();
  const endsAt = startedAt + durationMs;
  const planned = rate === undefined ? Number.POSITIVE_INFINITY : Math.ceil((rate * durationMs) / 1_000);
  const dueAt = (n: number) => (rate === undefined ? clock.now() : startedAt + (n * 1_000) / rate);
  let begun = 0;

  const next = () => (begun < planned && clock.now() < endsAt && !signal.aborted ? begun++ : undefined);

  async function work(): Promise<void> {
    for (let n = next(); n !== undefined; n = next()) {
      const due = dueAt(n);
      const early = due - clock.now();
      if (early > 0) await clock.sleep(early, signal).catch(() => {});
      // It was never sent: it was only waiting for its turn.
      if (signal.aborted) {
        begun -= 1;
        return;
      }
      const begunAt = clock.now();
      const failure = await request(n).then(
        () => undefined,
        (error: unknown) => error ?? new Error('rejected with nothing'),
      );
      const now = clock.now();
      onDone({ sinceDueMs: now - due, sinceBegunMs: now - begunAt, failure });
    }
  }

  // One listener for each request that waits for its turn is no leak.
  setMaxListeners(0, signal);
  await Promise.all(Array.from({ length: concurrency }, work));
  const late = rate === undefined || signal.aborted ? 0 : planned - begun;
  return { begun, notBegun: late, seconds: (clock.now() - startedAt) / 1_000 };
}
