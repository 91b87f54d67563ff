/** Sends a job until it is known what became of it. */
import type { ExecutionContext } from '../core/context.ts';
import type { ProducerRecorder } from '../telemetry/record/queue.ts';
import { PayloadTooLargeError, QueueAwayError, QueueFullError } from './errors.ts';
import type { JobQueue, QueuedJob } from './job-queue.ts';

/** How often a job is sent of which it is not known whether the engine has it, and the time between, in milliseconds. */
const MOST_TRIES = 3;
const AGAIN_MS = 200;

/** The same id is one job for an engine, however often it is sent. */
export async function sendJob(
  job: QueuedJob,
  { queue, record }: { readonly queue: JobQueue; readonly record: ProducerRecorder },
  context: ExecutionContext,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await queue.send(job, context.signal);
    } catch (error) {
      if (context.cancelled || refusalOf(error) !== undefined) throw error;
      record.failed('send', error);
      if (tries === MOST_TRIES) throw error;
    }
    await context.sleep(AGAIN_MS);
  }
}

/** Why a job was not accepted; `undefined` where that is not certain. */
export function refusalOf(error: unknown): 'full' | 'away' | 'too_large' | undefined {
  if (error instanceof QueueFullError) return 'full';
  if (error instanceof QueueAwayError) return 'away';
  // An engine knows only that a body is too large.
  return error instanceof PayloadTooLargeError || error instanceof RangeError ? 'too_large' : undefined;
}
