import { randomUUID } from 'node:crypto';
import { checkOptions, type Rules, requireName } from '../core/check.ts';
import { count, having, optional } from '../core/rules.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { QueueFullError } from './errors.ts';
import type {
  DeadJob,
  DrainReport,
  JobHandler,
  JobQueue,
  JobRun,
  QueuedJob,
  QueueMessage,
  WorkerHandle,
} from './job-queue.ts';

export interface MemoryQueueOptions {
  /** How many jobs may wait; more are refused. @default 10000 */
  readonly maxWaiting?: number | undefined;
  /** The source of time for waits and delays. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

const RULES: Rules<MemoryQueueOptions> = {
  maxWaiting: optional(count),
  clock: optional(having<Clock>('now', 'sleep', 'after')),
};

interface Kept {
  readonly job: QueuedJob;
  readonly acceptedAt: number;
  deliveries: number;
  cancelled: Uint8Array | undefined;
  diedAt?: number;
  why?: string;
}

interface Running {
  readonly kept: Kept;
  readonly abort: AbortController;
  readonly listeners: ((message: Uint8Array) => void)[];
}

const MAX_BODY_BYTES = 5_000_000;

/**
 * A queue in this process, for tests and for programs that may grow: the same program runs with `bullmqQueue`. Its jobs
 * end with the process.
 *
 * @example
 * const queue = memoryQueue('texts');
 * @throws TypeError, RangeError when an option is wrong
 */
export function memoryQueue(name: string, options: MemoryQueueOptions = {}): JobQueue {
  requireName('memoryQueue', name);
  checkOptions('MemoryQueueOptions', options, RULES);
  const { maxWaiting = 10_000, clock = systemClock } = options;
  const waiting: Kept[] = [];
  const delayed = new Set<Kept>();
  const running = new Map<string, Running>();
  const dead = new Map<string, Kept>();
  const inboxes = new Map<string, (message: QueueMessage) => void>();
  const takers: (() => boolean)[] = [];

  function serve(): void {
    while (waiting.length > 0 && takers.some((take) => take()));
  }

  function bury(kept: Kept, why: string): void {
    kept.why = why;
    kept.diedAt = clock.now();
    dead.set(kept.job.id, kept);
    inboxes.get(kept.job.replyTo)?.({ id: kept.job.id, dead: why });
  }

  function later(kept: Kept, delayMs: number): void {
    delayed.add(kept);
    clock.after(delayMs, () => {
      delayed.delete(kept);
      waiting.push(kept);
      serve();
    });
  }

  const deadJob = ({ job, why = '', deliveries, acceptedAt, diedAt }: Kept): DeadJob => ({
    id: job.id,
    why,
    deliveries,
    sentAt: acceptedAt,
    diedAt,
    body: job.body,
  });

  return {
    name,
    engine: 'memory',
    maxBodyBytes: MAX_BODY_BYTES,
    async send(job, signal) {
      signal.throwIfAborted();
      if (waiting.length >= maxWaiting) throw new QueueFullError(name, maxWaiting);
      waiting.push({ job, acceptedAt: clock.now(), deliveries: 0, cancelled: undefined });
      serve();
    },
    async open({ on }) {
      const address = randomUUID();
      inboxes.set(address, on);
      return {
        address,
        async close() {
          inboxes.delete(address);
        },
      };
    },
    async cancel(id, message) {
      const at = waiting.findIndex(({ job }) => job.id === id);
      if (at >= 0) waiting.splice(at, 1);
      for (const kept of delayed) if (kept.job.id === id) kept.cancelled = message;
      const run = running.get(id);
      if (run !== undefined) run.kept.cancelled = message;
      for (const listener of run?.listeners ?? []) listener(message);
      return at >= 0;
    },
    async tell(id, message) {
      for (const listener of running.get(id)?.listeners ?? []) listener(message);
    },
    async work(handler: JobHandler, { concurrency }): Promise<WorkerHandle> {
      const mine = new Map<Running, Promise<void>>();
      let draining = false;
      let finished = 0;
      let handedBack = 0;

      async function start(kept: Kept): Promise<void> {
        const run: Running = { kept, abort: new AbortController(), listeners: [] };
        running.set(kept.job.id, run);
        const { job } = kept;
        const jobRun: JobRun = {
          delivery: kept.deliveries + 1,
          waitedMs: clock.now() - kept.acceptedAt,
          expiresInMs: job.expiresInMs === undefined ? undefined : kept.acceptedAt + job.expiresInMs - clock.now(),
          signal: run.abort.signal,
          onMessage(on) {
            run.listeners.push(on);
            if (kept.cancelled !== undefined) on(kept.cancelled);
          },
          async reply(body) {
            inboxes.get(job.replyTo)?.({ id: job.id, body });
          },
        };
        kept.deliveries += 1;
        const work = handler(job, jobRun).then(
          (end) => {
            running.delete(job.id);
            if (end.end === 'done') finished += 1;
            else if (end.end === 'dead') bury(kept, end.why);
            else {
              handedBack += 1;
              kept.deliveries -= 1;
              later(kept, end.delayMs);
            }
          },
          (error: unknown) => {
            running.delete(job.id);
            bury(kept, String(error));
          },
        );
        mine.set(run, work);
        await work;
        mine.delete(run);
        serve();
      }

      const take = () => {
        if (draining || mine.size >= concurrency) return false;
        const kept = waiting.shift();
        if (kept === undefined) return false;
        void start(kept);
        return true;
      };
      takers.push(take);
      serve();
      return {
        get running() {
          return mine.size;
        },
        async drain(graceMs): Promise<DrainReport> {
          draining = true;
          takers.splice(takers.indexOf(take), 1);
          const before = { finished, handedBack };
          const grace = new AbortController();
          const settled = Promise.all(mine.values());
          await Promise.race([settled, clock.sleep(graceMs, grace.signal).catch(() => {})]);
          grace.abort();
          return {
            finished: finished - before.finished,
            handedBack: handedBack - before.handedBack,
            left: mine.size,
          };
        },
      };
    },
    async stats() {
      const [oldest] = waiting;
      return {
        waiting: waiting.length,
        running: running.size,
        delayed: delayed.size,
        dead: dead.size,
        oldestMs: oldest === undefined ? undefined : clock.now() - oldest.acceptedAt,
        workers: takers.length,
      };
    },
    dead: {
      async *list(from, count) {
        for (const kept of [...dead.values()].reverse().slice(from, from + count)) yield deadJob(kept);
      },
      async get(id) {
        const kept = dead.get(id);
        return kept && deadJob(kept);
      },
      async retry(id) {
        const kept = dead.get(id);
        if (kept === undefined) return false;
        dead.delete(id);
        waiting.push({ ...kept, deliveries: 0 });
        serve();
        return true;
      },
      async drop(id) {
        return dead.delete(id);
      },
    },
    async close() {
      inboxes.clear();
    },
  };
}
