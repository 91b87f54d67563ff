/** Two states in which a worker of BullMQ does nothing useful, and what is done about them. */
import type { Worker } from 'bullmq';
import { systemClock } from '../../platform/clock.ts';
import { rest } from '../rest.ts';

/** More errors than this in a second are a loop without a pause: BullMQ has one when Redis is full and a delayed job is due. */
const MAX_ERRORS = 5;
const SECOND_MS = 1_000;

/** Returns the listener for the errors of a worker: it pauses a worker that fails again and again. */
export function calm(
  worker: Pick<Worker, 'pause' | 'resume'>,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): () => void {
  let since = 0;
  let errors = 0;
  let isPaused = false;
  return () => {
    const now = systemClock.now();
    if (now - since > SECOND_MS) {
      since = now;
      errors = 0;
    }
    errors += 1;
    if (errors <= MAX_ERRORS || isPaused) return;
    isPaused = true;
    const pause = async () => {
      await worker.pause(true);
      await rest(SECOND_MS, signal);
      isPaused = false;
      if (!signal.aborted) await worker.resume();
    };
    pause().catch(failed);
  };
}

/** How long jobs wait beside an idle worker before it counts as one that stands still, in milliseconds. */
const STILL_MS = 30_000;

export interface Idleness {
  readonly running: number;
  /** When it was given a job last, by the clock of the machine. */
  readonly lastArrival: number;
  /** How long the oldest job has waited, in milliseconds; `undefined` if none waits, or if the queue is paused. */
  oldestMs(): Promise<number | undefined>;
}

/**
 * Whether a worker stands still: it has been given nothing for long, and a job has waited for as long. It is known from
 * workers whose blocking connection was cut at a bad moment.
 */
export async function standsStill({ running, lastArrival, oldestMs }: Idleness): Promise<boolean> {
  if (running > 0 || systemClock.now() - lastArrival < STILL_MS) return false;
  return ((await oldestMs()) ?? 0) >= STILL_MS;
}
