import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { checkOptions, type Rules, requireName } from '../core/check.ts';
import { count, having, optional } from '../core/rules.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { requireBodySize } from './body-size.ts';
import { QueueAwayError, QueueFullError } from './errors.ts';
import type { JobQueue, QueueMessage } from './job-queue.ts';
import { createJobs } from './memory/jobs.ts';
import { createMemoryWorker, type MemoryWorker, type Running } from './memory/worker.ts';

export interface MemoryQueueOptions {
  /** How many jobs may wait, those that were handed back included; more are refused. @default 10000 */
  readonly maxWaiting?: number | undefined;
  /** The source of time for waits and delays. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

const RULES: Rules<MemoryQueueOptions> = {
  maxWaiting: optional(count),
  clock: optional(having<Clock>('now', 'sleep', 'after')),
};

/** As that of `bullmqQueue`: what fits here fits there. */
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
  const workers = new Set<MemoryWorker>();
  const running = new Map<string, Running>();
  const inboxes = new Map<string, (message: QueueMessage) => void>();
  let closed = false;

  // In turns, so that each worker has its share, and that a job which a worker hands back comes to another one.
  const serve = () => {
    for (let started = true; started; ) {
      started = false;
      for (const worker of [...workers]) {
        if (!worker.take()) continue;
        started = true;
        if (workers.delete(worker)) workers.add(worker);
      }
    }
  };
  const jobs = createJobs(clock, serve);
  const surroundings = {
    ...{ jobs, clock, running },
    deliver: (address: string, message: QueueMessage) => inboxes.get(address)?.(message),
  };
  const requireOpen = () => {
    if (closed) throw new QueueAwayError(name, 'it is closed');
  };

  return {
    name,
    engine: 'memory',
    maxBodyBytes: MAX_BODY_BYTES,
    async send(job, signal) {
      signal.throwIfAborted();
      requireOpen();
      requireBodySize(name, job.body, MAX_BODY_BYTES);
      if (jobs.has(job.id)) return;
      if (jobs.waiting >= maxWaiting) throw new QueueFullError(name, maxWaiting);
      jobs.accept(job);
    },
    async open({ on }) {
      requireOpen();
      const address = randomUUID();
      inboxes.set(address, AsyncResource.bind(on));
      return {
        address,
        async close() {
          inboxes.delete(address);
        },
      };
    },
    async cancel(id, message) {
      running.get(id)?.cancel(message);
      return jobs.cancel(id);
    },
    async tell(id, message) {
      running.get(id)?.tell(message);
    },
    async work(handler, { concurrency }) {
      requireOpen();
      const worker = createMemoryWorker(surroundings, handler, concurrency);
      workers.add(worker);
      serve();
      return {
        get running() {
          return worker.running;
        },
        drain(graceMs) {
          workers.delete(worker);
          return worker.drain(graceMs);
        },
      };
    },
    async stats() {
      return { ...jobs.stats(), workers: workers.size };
    },
    dead: {
      async *list(from, count) {
        yield* jobs.dead.page(from, count);
      },
      get: async (id) => jobs.dead.get(id),
      retry: async (id) => jobs.dead.retry(id),
      drop: async (id) => jobs.dead.drop(id),
    },
    async remove() {
      jobs.clear();
    },
    async close() {
      closed = true;
      const draining = [...workers].map((worker) => worker.drain(0));
      workers.clear();
      inboxes.clear();
      await Promise.all(draining);
      jobs.clear();
    },
  };
}
