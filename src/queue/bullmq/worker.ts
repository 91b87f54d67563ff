/** A worker of BullMQ that runs our jobs. */
import { randomUUID } from 'node:crypto';
import type { Job, Worker } from 'bullmq';
import { systemClock } from '../../platform/clock.ts';
import { copyText } from '../../platform/copy-text.ts';
import { messageOf } from '../../platform/message-of.ts';
import type { DrainReport, JobEnd, JobHandler, WorkerHandle, WorkOptions } from '../job-queue.ts';
import { type Client, extendBullmq } from './commands.ts';
import type { Keys } from './keys.ts';
import { repeatedly, rest } from './rest.ts';
import { type Run, reply, startRun } from './run.ts';
import { forBullmq, type StoredJob, storedJob } from './stored-job.ts';

export interface WorkerSettings {
  readonly lockMs: number;
  readonly maxDeliveries: number;
  readonly keepDeadMs: number;
  readonly keepDead: number;
  readonly maxWaiting: number;
}

export interface WorkerParts {
  readonly bullmq: typeof import('bullmq');
  readonly name: string;
  readonly prefix: string;
  readonly keys: Keys;
  /** For BullMQ, and for replies: what is sent while Redis is away is sent when it is back. */
  readonly client: Client;
  /** Hears what is sent to the worker. */
  readonly subscriber: Client;
  readonly settings: WorkerSettings;
}

/** The longest reason of a dead job that is kept, in characters. */
const MAX_WHY = 2_000;
/** For how long, in seconds, and for how many jobs that ended well the id is known: one that is sent again is not run again. */
const KNOWN_S = 600;
const KNOWN = 10_000;
/** How often a worker says that it is there, and how long that holds, in milliseconds. */
const BEAT_MS = 10_000;
const BEAT_HOLDS_MS = 30_000;

export function startBullmqWorker(parts: WorkerParts, handler: JobHandler, options: WorkOptions): WorkerHandle {
  const { bullmq, name, prefix, keys, client, subscriber, settings } = parts;
  const { concurrency, events } = options;
  const workerName = randomUUID();
  const arrived = new Map<string, StoredJob>();
  const runs = new Map<string, Run>();
  const stopped = new AbortController();
  const ended = { finished: 0, handedBack: 0 };
  const failed = (error: unknown) => events.failed('work', error);
  let isDraining = false;
  /** Settles when all messages are sent that follow the end of a job. */
  let last: Promise<unknown> = Promise.resolve();
  const jobOptions = JSON.stringify({
    attempts: 1,
    removeOnComplete: { age: KNOWN_S, count: KNOWN },
    removeOnFail: { age: Math.ceil(settings.keepDeadMs / 1_000), count: settings.keepDead },
    stackTraceLimit: 0,
    kl: 0,
  });

  extendBullmq(client, {
    maxWaiting: settings.maxWaiting,
    onStart(id, fields) {
      const stored = storedJob(fields);
      arrived.set(id, stored);
      return forBullmq(stored, jobOptions);
    },
  });

  function take(id: string): StoredJob | undefined {
    const stored = arrived.get(id);
    arrived.delete(id);
    return stored;
  }

  /** Gives the error that tells BullMQ where the job is now. */
  async function back(job: Job, delayMs: number): Promise<Error> {
    if (delayMs > 0) {
      await job.moveToDelayed(systemClock.date() + delayMs, job.token);
      return new bullmq.DelayedError();
    }
    await job.moveToWait(job.token);
    return new bullmq.WaitingError();
  }

  async function work(job: Job): Promise<void> {
    const { id = '' } = job;
    const stored = take(id);
    if (isDraining || stored === undefined) throw await back(job, 0);
    const { replyTo, data } = stored;
    if (replyTo === undefined || data === undefined) {
      events.died('unreadable');
      throw new bullmq.UnrecoverableError('what Redis holds of the job cannot be read');
    }
    const run = startRun(id, replyTo, stored, { client, keys, events });
    runs.set(id, run);
    try {
      const body = Buffer.from(data);
      const end = await handler({ id, replyTo, body, expiresInMs: stored.expiresInMs }, run).catch(
        (error: unknown): JobEnd => ({ end: 'dead', why: messageOf(error) }),
      );
      if (end.end === 'handed_back') {
        const moved = await back(job, end.delayMs);
        ended.handedBack += 1;
        throw moved;
      }
      ended.finished += 1;
      if (end.end === 'dead') {
        arrived.set(id, stored);
        throw new bullmq.UnrecoverableError(copyText(end.why.slice(0, MAX_WHY)));
      }
    } finally {
      if (runs.get(id) === run) runs.delete(id);
    }
  }

  const worker: Worker = new bullmq.Worker(name, work, {
    connection: client,
    prefix,
    name: workerName,
    concurrency,
    lockDuration: settings.lockMs,
    stalledInterval: settings.lockMs / 2,
    maxStalledCount: settings.maxDeliveries - 1,
    runRetryDelay: 1_000,
    drainDelay: 5,
    autorun: false,
  });
  worker.on('error', failed);
  // A job is in the list of dead jobs when its caller hears of it.
  worker.on('failed', (job, error) => {
    const stored = take(job?.id ?? '');
    if (job?.id === undefined || stored === undefined) return;
    const crashed = stored.givenUp !== undefined;
    if (crashed) events.died('crashed');
    if (stored.replyTo === undefined) return;
    const why = crashed ? `it has ended ${settings.maxDeliveries} workers` : error.message;
    const told = reply({ client, keys, events }, stored.replyTo, [job.id, 'dead', why], stopped.signal);
    last = Promise.allSettled([last, told]);
  });
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) runs.get(id)?.loseJob();
  });

  subscriber.on('messageBuffer', (_channel: Buffer, message: Buffer) => {
    const end = message.indexOf('\n');
    runs.get(message.toString('utf8', 0, end))?.hear(message.subarray(end + 1));
  });
  subscriber.subscribe(keys.worker(workerName)).catch(failed);
  worker.run().catch(failed);
  const beat = () => client.ttaBeat(keys.workers, workerName, BEAT_HOLDS_MS);
  beat().catch(failed);
  repeatedly(beat, BEAT_MS, stopped.signal, failed);

  return {
    get running() {
      return runs.size;
    },
    async drain(graceMs): Promise<DrainReport> {
      isDraining = true;
      const before = { ...ended };
      const grace = new AbortController();
      await Promise.race([worker.close().then(() => last), rest(graceMs, grace.signal)]);
      grace.abort();
      stopped.abort();
      if (client.status === 'ready') client.zrem(keys.workers, workerName).catch(failed);
      for (const run of runs.values()) run.loseJob();
      const { finished, handedBack } = ended;
      return {
        finished: finished - before.finished,
        handedBack: handedBack - before.handedBack,
        left: runs.size,
      };
    },
  };
}
