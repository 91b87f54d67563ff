/** The runs of one worker of a queue in memory. */
import { AsyncResource } from 'node:async_hooks';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/message-of.ts';
import type { DrainReport, JobEnd, JobHandler, JobRun, QueueMessage, WorkerHandle } from '../job-queue.ts';
import type { Jobs, Kept } from './jobs.ts';

/** A job that runs, as those see it who have a message to it. */
export interface Running {
  tell(message: Uint8Array): void;
  cancel(message: Uint8Array): void;
}

export interface Surroundings {
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly running: Map<string, Running>;
  deliver(address: string, message: QueueMessage): void;
}

export interface MemoryWorker extends WorkerHandle {
  /** Starts a job if it can. */
  take(): boolean;
}

export function createMemoryWorker(
  { jobs, clock, running, deliver }: Surroundings,
  handler: JobHandler,
  concurrency: number,
): MemoryWorker {
  const mine = new Map<Promise<void>, () => void>();
  const counts = { finished: 0, handedBack: 0 };
  let draining = false;

  function start(kept: Kept): void {
    const { job } = kept;
    const abort = new AbortController();
    const listeners: ((message: Uint8Array) => void)[] = [];
    let cancelled: Uint8Array | undefined;
    const run: JobRun = {
      delivery: kept.left + 1,
      waitedMs: clock.now() - kept.acceptedAt,
      expiresInMs: job.expiresInMs === undefined ? undefined : kept.acceptedAt + job.expiresInMs - clock.now(),
      signal: abort.signal,
      onMessage(on) {
        listeners.push(on);
        if (cancelled !== undefined) on(cancelled);
      },
      async reply(body) {
        abort.signal.throwIfAborted();
        deliver(job.replyTo, { id: job.id, body });
      },
    };
    const tell = (message: Uint8Array) => {
      for (const listener of listeners) listener(message);
    };
    const cancel = (message: Uint8Array) => {
      cancelled = message;
      tell(message);
    };
    running.set(job.id, { tell, cancel });

    const settle = (end: JobEnd) => {
      // The worker has left the job: another one may have it now.
      if (abort.signal.aborted) return;
      mine.delete(work);
      running.delete(job.id);
      counts[end.end === 'handed_back' ? 'handedBack' : 'finished'] += 1;
      if (end.end === 'done') {
        if (end.reply !== undefined) deliver(job.replyTo, { id: job.id, body: end.reply });
        jobs.finish(kept);
      } else if (end.end === 'handed_back') jobs.handBack(kept, end.delayMs);
      else {
        jobs.bury(kept, end.why);
        deliver(job.replyTo, { id: job.id, dead: end.why });
      }
    };
    const work = Promise.resolve()
      .then(() => handler(job, run))
      .then(settle, (error: unknown) => settle({ end: 'dead', why: messageOf(error) }))
      .then(() => void take());
    mine.set(work, () => {
      mine.delete(work);
      running.delete(job.id);
      abort.abort(new Error('the worker ends'));
      jobs.leave(kept);
    });
  }

  // Jobs start in the asynchronous context of the worker, not in that of the caller that sends one.
  const take = AsyncResource.bind((): boolean => {
    if (draining || mine.size >= concurrency) return false;
    const kept = jobs.start();
    if (kept !== undefined) start(kept);
    return kept !== undefined;
  });

  return {
    take,
    get running() {
      return mine.size;
    },
    async drain(graceMs): Promise<DrainReport> {
      draining = true;
      const before = { ...counts };
      const settled = new AbortController();
      const grace = clock.sleep(graceMs, settled.signal).catch(() => {});
      await Promise.race([Promise.all(mine.keys()), grace]);
      settled.abort();
      const left = [...mine.values()];
      for (const leave of left) leave();
      return {
        finished: counts.finished - before.finished,
        handedBack: counts.handedBack - before.handedBack,
        left: left.length,
      };
    },
  };
}
