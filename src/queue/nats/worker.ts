/** A worker: takes jobs from NATS, and keeps them as its own while they run. */
import { AsyncResource } from 'node:async_hooks';
import { inBackground } from '../../platform/background.ts';
import { QueueAwayError } from '../errors.ts';
import type { DrainReport, JobHandler, WorkerHandle, WorkOptions } from '../job-queue.ts';
import { rest } from '../rest.ts';
import type { Say } from '../say.ts';
import type { Connection, Link } from './connection.ts';
import { readDelivery } from './delivery.ts';
import { isRefused } from './errors.ts';
import type { Layout } from './layout.ts';
import type { Msg } from './packages.ts';
import { Pulls } from './pulls.ts';
import { Run } from './run.ts';

export interface WorkerSettings {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly lockMs: number;
  readonly maxDeliveries: number;
  readonly say: Say;
}

/** How long a worker that starts waits for NATS before it says so, in milliseconds. */
const LOOK_MS = 2_000;

/** How long a worker that ends waits until the server has what was said last, in milliseconds. */
const FLUSH_MS = 1_000;

/** How often the server is told of a job within the time after which it gives the job to another worker. */
const BEATS = 4;

export async function startNatsWorker(
  { connection, layout, lockMs, maxDeliveries, say }: WorkerSettings,
  handler: JobHandler,
  { concurrency, events }: WorkOptions,
): Promise<WorkerHandle> {
  const runs = new Map<string, Run>();
  const counts = { done: 0, handed_back: 0, dead: 0 };
  let state: 'works' | 'drains' | 'ended' = 'works';
  const changed = new Set<() => void>();

  async function take(message: Msg): Promise<void> {
    const delivery = readDelivery(message);
    if (delivery === undefined) return;
    const { id } = delivery.job;
    const same = runs.get(id);
    if (same !== undefined) return same.renew(delivery);
    const around = { connection, layout, events, maxDeliveries, handler };
    // It came although we want no more: it was under way when we said so.
    const isUnwanted = state !== 'works' || runs.size >= concurrency;
    const run = new Run(isUnwanted ? { ...around, handler: handBack } : around, delivery);
    runs.set(id, run);
    try {
      const end = await run.settle();
      if (end !== undefined && !isUnwanted) counts[end] += 1;
    } catch (error) {
      // It is started again when its lock expires.
      if (state !== 'ended') events.failed('work', error);
    }
    if (runs.get(id) === run) runs.delete(id);
    for (const listener of changed) listener();
    pulls.fill();
  }

  const pulls = new Pulls({
    stream: layout.jobs,
    consumer: layout.consumer,
    room: () => (state === 'works' ? concurrency - runs.size : 0),
    // Jobs start in the asynchronous context of the worker, not in that of the call that has opened the connection.
    on: AsyncResource.bind((message: Msg) => void take(message)),
    onRefused(why) {
      events.failed('work', new Error(`NATS gives no jobs: ${why}`));
      connection.renew();
    },
  });

  const beat = () => {
    if (state === 'ended') return;
    const { link } = connection;
    if (link !== undefined) {
      for (const run of runs.values()) run.beat(link);
      pulls.check();
    }
    inBackground(lockMs / BEATS, beat);
  };

  const release = connection.hold(() => state !== 'ended');
  const up = connection.call(async () => {});
  try {
    await Promise.race([up, rest(LOOK_MS)]);
  } catch (error) {
    if (!(error instanceof QueueAwayError) || isRefused(error.cause)) {
      release();
      throw error;
    }
  }
  if (connection.link === undefined) {
    say('away', 'NATS cannot be reached. Workers wait for it');
    up.catch(() => {});
    connection.keepUp();
  }
  const ignore = connection.onUp((link: Link) => {
    pulls.start(link);
    for (const run of runs.values()) run.lookForCancellation(link);
  });
  beat();

  /** Resolves when no job runs. */
  const idle = () =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (runs.size > 0) return;
        changed.delete(look);
        resolve();
      };
      changed.add(look);
      look();
    });

  return {
    get running() {
      return runs.size;
    },
    async drain(graceMs): Promise<DrainReport> {
      if (state === 'works') state = 'drains';
      const before = { ...counts };
      const isDone = Promise.all([pulls.stop(), idle()]);
      await Promise.race([isDone, rest(graceMs)]);
      state = 'ended';
      const left = runs.size;
      for (const run of runs.values()) run.leave();
      runs.clear();
      ignore();
      release();
      // What was said last must reach the server.
      await Promise.race([connection.link?.nats.flush().catch(() => {}), rest(FLUSH_MS)]);
      return {
        finished: counts.done + counts.dead - before.done - before.dead,
        handedBack: counts.handed_back - before.handed_back,
        left,
      };
    },
  };
}

const handBack: JobHandler = async () => ({ end: 'handed_back', delayMs: 0 });
