import type { Job } from 'bullmq';
import type { DeadJob, DeadJobs } from '../job-queue.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link.ts';
import { numberOf } from './stored-job.ts';

const FIELDS = ['failedReason', 'ats', 'at', 'finishedOn', 'data'] as const;

/** The failed jobs of BullMQ. They are read one by one: BullMQ reads a page of them, and fails for all if one is damaged. */
export function deadJobs(keys: Keys, ready: () => Promise<Link>): DeadJobs {
  async function read({ commands }: Link, id: string): Promise<DeadJob | undefined> {
    const diedAt = numberOf(await commands.zscore(`${keys.base}failed`, id));
    if (diedAt === undefined) return undefined;
    const damaged: (Buffer | null)[] = [];
    const fields = await commands.hmgetBuffer(keys.base + id, ...FIELDS).catch(() => damaged);
    const [why, starts, at, , data] = fields;
    return {
      id,
      why: why?.toString() ?? 'what Redis holds of the job cannot be read',
      deliveries: numberOf(starts?.toString()) ?? 0,
      sentAt: numberOf(at?.toString()),
      diedAt,
      body: data ?? undefined,
    };
  }

  async function bullmqJob(link: Link, id: string): Promise<Job> {
    const { bullmq } = link;
    return new bullmq.Job(await link.queue(), 'job', {}, {}, id);
  }

  return {
    async *list(from, count) {
      const link = await ready();
      for (const id of await link.commands.zrevrange(`${keys.base}failed`, from, from + count - 1)) {
        const job = await read(link, id);
        if (job !== undefined) yield job;
      }
    },
    async get(id) {
      return await read(await ready(), id);
    },
    async retry(id) {
      const link = await ready();
      if ((await read(link, id)) === undefined) return false;
      await link.commands.ttaRevive(keys.base + id, keys.cancel(id));
      await (await bullmqJob(link, id)).retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
      return true;
    },
    async drop(id) {
      const link = await ready();
      if ((await read(link, id)) === undefined) return false;
      await (await bullmqJob(link, id)).remove();
      return true;
    },
  };
}
