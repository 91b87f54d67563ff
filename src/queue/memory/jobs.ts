/** The jobs of a queue in memory: where each one is, and how it gets from there to somewhere else. */
import type { Clock } from '../../platform/clock.ts';
import type { DeadJob, QueuedJob, QueueStats } from '../job-queue.ts';

export interface Kept {
  readonly job: QueuedJob;
  readonly acceptedAt: number;
  starts: number;
  /** Starts whose worker has left the job. */
  left: number;
  /** Nobody wants it any more: it is started no more. */
  cancelled: boolean;
}

interface Dead extends Kept {
  readonly why: string;
  readonly diedAt: number;
}

/** So many ids of ended jobs are known: one that is sent again is not run again. */
const ENDED_IDS = 10_000;

export type Jobs = ReturnType<typeof createJobs>;

/** @param ready is called when a job may be started that could not be started before */
export function createJobs(clock: Clock, ready: () => void) {
  const waiting = new Map<string, Kept>();
  const delayed = new Map<string, () => void>();
  const running = new Map<string, Kept>();
  const dead = new Map<string, Dead>();
  const ended = new Set<string>();

  function wait(kept: Kept): void {
    waiting.set(kept.job.id, kept);
    ready();
  }

  function end(id: string): void {
    ended.add(id);
    if (ended.size <= ENDED_IDS) return;
    for (const oldest of ended) {
      ended.delete(oldest);
      break;
    }
  }

  /** A job that ran goes back, unless it was cancelled in the meantime. */
  function goBack(kept: Kept, delayMs: number): void {
    const { id } = kept.job;
    running.delete(id);
    if (kept.cancelled) end(id);
    else if (delayMs <= 0) wait(kept);
    else {
      const again = () => {
        delayed.delete(id);
        wait(kept);
      };
      delayed.set(id, clock.after(delayMs, again));
    }
  }

  return {
    /** How many wait, or are to wait again. */
    get waiting() {
      return waiting.size + delayed.size;
    },
    has: (id: string) => [waiting, delayed, running, dead, ended].some((jobs) => jobs.has(id)),
    accept: (job: QueuedJob) => wait({ job, acceptedAt: clock.now(), starts: 0, left: 0, cancelled: false }),
    /** The job that is to start now; `undefined` if none waits. */
    start(): Kept | undefined {
      for (const [id, kept] of waiting) {
        waiting.delete(id);
        running.set(id, kept);
        kept.starts += 1;
        return kept;
      }
      return undefined;
    },
    finish({ job: { id } }: Kept): void {
      running.delete(id);
      end(id);
    },
    handBack: goBack,
    leave(kept: Kept): void {
      kept.left += 1;
      goBack(kept, 0);
    },
    bury(kept: Kept, why: string): void {
      running.delete(kept.job.id);
      dead.set(kept.job.id, { ...kept, why, diedAt: clock.now() });
    },
    /** Whether it waited and is removed. */
    cancel(id: string): boolean {
      const run = running.get(id);
      if (run !== undefined) run.cancelled = true;
      delayed.get(id)?.();
      const removed = waiting.delete(id) || delayed.delete(id);
      if (removed) end(id);
      return removed;
    },
    dead: {
      page: (from: number, count: number): DeadJob[] =>
        [...dead.values()]
          .reverse()
          .slice(from, from + count)
          .map(asDeadJob),
      get(id: string): DeadJob | undefined {
        const kept = dead.get(id);
        return kept && asDeadJob(kept);
      },
      retry(id: string): boolean {
        const kept = dead.get(id);
        if (kept === undefined) return false;
        dead.delete(id);
        wait({ job: kept.job, acceptedAt: clock.now(), starts: 0, left: 0, cancelled: false });
        return true;
      },
      drop: (id: string) => dead.delete(id),
    },
    stats(): Omit<QueueStats, 'workers'> {
      let oldest: number | undefined;
      for (const { acceptedAt } of waiting.values()) oldest = Math.min(acceptedAt, oldest ?? acceptedAt);
      return {
        waiting: waiting.size,
        running: running.size,
        delayed: delayed.size,
        dead: dead.size,
        oldestMs: oldest === undefined ? undefined : clock.now() - oldest,
      };
    },
    clear(): void {
      for (const cancel of delayed.values()) cancel();
      for (const jobs of [waiting, delayed, running, dead, ended]) jobs.clear();
    },
  };
}

function asDeadJob({ job, why, starts, acceptedAt, diedAt }: Dead): DeadJob {
  return { id: job.id, why, deliveries: starts, sentAt: acceptedAt, diedAt, body: job.body };
}
