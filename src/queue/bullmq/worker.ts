/** A worker of BullMQ that runs our jobs. */
import { randomUUID } from 'node:crypto';
import type { Worker } from 'bullmq';
import { systemClock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/message-of.ts';
import type { DrainReport, JobHandler, WorkerHandle, WorkOptions } from '../job-queue.ts';
import { repeatedly, rest } from '../rest.ts';
import type { Say } from '../say.ts';
import { answered } from './answered.ts';
import { calm, standsStill } from './care.ts';
import { type Client, extendBullmq } from './commands.ts';
import { withoutCommand } from './errors.ts';
import { Jobs } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { Limits } from './scripts.ts';
import { statsOf } from './stats.ts';

export interface WorkerSettings {
  readonly lockMs: number;
  readonly maxDeliveries: number;
  readonly keepDeadMs: number;
  readonly keepDead: number;
  readonly limits: Limits;
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
  readonly say: Say;
}

/** For how long, in seconds, and for how many jobs that ended well the id is known: one that is sent again is not run again. */
const KNOWN_S = 600;
const KNOWN = 50_000;
/** How often a worker says that it is there, and how long that holds, in milliseconds. */
const BEAT_MS = 10_000;
const BEAT_HOLDS_MS = 30_000;

export function startBullmqWorker(parts: WorkerParts, handler: JobHandler, options: WorkOptions): WorkerHandle {
  const { bullmq, name, prefix, keys, client, subscriber, settings, say } = parts;
  const { lockMs, maxDeliveries, keepDeadMs, keepDead, limits } = settings;
  const { concurrency, events } = options;
  const workerName = randomUUID();
  const stopped = new AbortController();
  const jobOptions = JSON.stringify({
    attempts: 1,
    removeOnComplete: { age: KNOWN_S, count: KNOWN },
    removeOnFail: { age: Math.ceil(keepDeadMs / 1_000), count: keepDead },
    stackTraceLimit: 0,
    kl: 0,
  });
  const jobs = new Jobs({ bullmq, client, keys, events, handler, jobOptions });
  extendBullmq(client, { limits, jobs });

  function failed(error: unknown): void {
    if (stopped.signal.aborted) return;
    events.failed('work', withoutCommand(error));
    say('work', `a worker fails: ${messageOf(error)}`);
  }
  const lookAfter = (ids: Iterable<string>, locks: boolean) =>
    void jobs.lookAfter(ids, { heldMs: 2 * lockMs, locks }).catch(failed);

  function start(): Worker {
    const started: Worker = new bullmq.Worker(name, (job) => jobs.work(job), {
      connection: client,
      prefix,
      name: workerName,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount: maxDeliveries - 1,
      runRetryDelay: 1_000,
      drainDelay: 5,
      autorun: false,
    });
    const onError = calm(started, stopped.signal, failed);
    started.on('error', (error) => {
      failed(error);
      onError();
    });
    // A job is in the list of dead jobs when its caller hears of it.
    started.on('failed', (job, error) => job && jobs.died(job, error.message));
    started.on('lockRenewalFailed', (ids) => lookAfter(ids, true));
    // A job whose worker hears nothing could not be told that it is cancelled.
    listening.then(() => started.run()).catch(failed);
    return started;
  }

  const channel = keys.worker(workerName);
  const listening = subscriber.subscribe(channel);
  let worker = start();
  client.on('ready', () => lookAfter(jobs.runs.keys(), false));
  subscriber.on('messageBuffer', (_channel: Buffer, message: Buffer) => {
    const end = message.indexOf('\n');
    jobs.hear(message.toString('utf8', 0, end), message.subarray(end + 1));
  });
  subscriber.on('ready', () => {
    subscriber
      .subscribe(channel)
      .then(() => jobs.catchUp())
      .catch(failed);
  });

  async function look(): Promise<void> {
    await Promise.all([
      answered(client, client.ttaBeat(keys.workers, workerName, BEAT_HOLDS_MS)),
      answered(subscriber, subscriber.ping()),
    ]);
    const { lastArrival } = jobs;
    const isPaused = async () => (await client.hexists(`${keys.base}meta`, 'paused')) === 1;
    const oldestMs = async () => ((await isPaused()) ? undefined : (await statsOf(client, keys)).oldestMs);
    if (!(await standsStill({ running: jobs.runs.size, lastArrival, oldestMs }))) return;
    events.restarted();
    say('still', 'a worker stood still although jobs waited, and was started anew');
    void worker.close(true).catch(failed);
    jobs.lastArrival = systemClock.now();
    worker = start();
  }
  look().catch(failed);
  void repeatedly(look, BEAT_MS, stopped.signal, failed);

  return {
    get running() {
      return jobs.runs.size;
    },
    async drain(graceMs): Promise<DrainReport> {
      jobs.isDraining = true;
      const { finished, handedBack } = jobs;
      const grace = new AbortController();
      const closing = worker.close().then(() => jobs.allTold());
      // It may fail when nothing waits for it any more.
      closing.catch(failed);
      // BullMQ waits for a Redis that is away, also when nothing runs.
      if (jobs.runs.size > 0 || client.status === 'ready') await Promise.race([closing, rest(graceMs, grace.signal)]);
      grace.abort();
      stopped.abort();
      if (client.status === 'ready') client.zrem(keys.workers, workerName).catch(failed);
      jobs.end();
      return {
        finished: jobs.finished - finished,
        handedBack: jobs.handedBack - handedBack,
        left: jobs.runs.size,
      };
    },
  };
}
