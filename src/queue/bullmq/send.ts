import type { JobJson, JobsOptions } from 'bullmq';
import { systemClock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/message-of.ts';
import { QueueAwayError, QueueFullError } from '../errors.ts';
import type { QueuedJob } from '../job-queue.ts';
import { rest } from '../rest.ts';
import { asBuffer } from './commands.ts';
import { isReply, whyNotTaken, withoutCommand } from './errors.ts';
import type { Linked } from './link.ts';

export interface SendOptions {
  readonly name: string;
  readonly maxWaiting: number;
  readonly maxAwayMs: number;
}

/** The wait before a job is sent again after a cut, in milliseconds. */
const AGAIN_MS = 50;
/** Words with which a Redis that is there says that it takes nothing now, but will. */
const SOON = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED)/;

/**
 * Sends a job, again after each cut: a job with the same id is one job. A full Redis refuses at once, as a full queue
 * does.
 */
export async function sendJob(link: Linked, job: QueuedJob, signal: AbortSignal, options: SendOptions): Promise<void> {
  const { name, maxWaiting, maxAwayMs } = options;
  const giveUpAt = systemClock.now() + maxAwayMs;
  let unknown: Error | undefined;
  for (;;) {
    try {
      await link.gate.pass(Math.max(0, giveUpAt - systemClock.now()), signal);
    } catch (error) {
      if (unknown === undefined || signal.aborted) throw error;
      throw new Error(`it is not known whether the queue ${name} has taken the job ${job.id}`, { cause: unknown });
    }
    try {
      const added: unknown = await (await link.queue()).getBackend().addJob(stored(job), job.id);
      if (added === 0) throw new QueueFullError(name, maxWaiting);
      return;
    } catch (error) {
      if (error instanceof QueueFullError) throw error;
      // A job that was sent before a cut may be there.
      const why = unknown === undefined ? whyNotTaken(error) : undefined;
      if (why !== undefined) throw new QueueAwayError(name, why, withoutCommand(error));
      if (isReply(error) && !SOON.test(messageOf(error))) throw withoutCommand(error);
      unknown = withoutCommand(error);
      await rest(AGAIN_MS, signal);
    }
  }
}

function stored({ id, replyTo, body, expiresInMs }: QueuedJob): JobJson {
  return {
    id,
    name: 'job',
    // BullMQ hands it on as it is: as bytes it is not made a text first.
    data: asBuffer(body) as unknown as string,
    opts: { to: replyTo, ttl: expiresInMs } as JobsOptions,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    timestamp: Math.floor(systemClock.date()),
    failedReason: '',
    returnvalue: '',
  } as unknown as JobJson;
}
