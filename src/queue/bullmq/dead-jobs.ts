import { CRASHED } from '../crashed.ts';
import type { DeadJob, DeadJobs } from '../job-queue.ts';
import type { Keys } from './keys.ts';
import type { Link, Linked } from './link.ts';
import { numberOf } from './stored-job.ts';

const FIELDS = ['failedReason', 'ats', 'stc', 'at', 'data'] as const;
/** What BullMQ writes as the reason of a job that has ended each worker that started it. */
const STALLED = 'job stalled more than allowable limit';

/** Why a job is dead, in words of ours where BullMQ gave it up. */
export function reasonOf(failedReason: string): string {
  return failedReason === STALLED ? CRASHED : failedReason;
}

/** The failed jobs of BullMQ. They are read one by one: BullMQ reads a page of them, and fails for all if one is damaged. */
export function deadJobs(keys: Keys, link: Link): DeadJobs {
  const set = `${keys.base}failed`;

  async function read({ commands }: Linked, id: string): Promise<DeadJob | undefined> {
    const score = await commands.zscore(set, id);
    if (score === null) return undefined;
    const damaged: (Buffer | null)[] = [];
    const [reason, starts, stalls, at, body] = await commands
      .hmgetBuffer(keys.base + id, ...FIELDS)
      .catch(() => damaged);
    const why = reason?.toString() ?? 'what Redis holds of the job cannot be read';
    return {
      id,
      why: reasonOf(why),
      // BullMQ counts as a start that it took the job to give it up.
      deliveries: numberOf((why === STALLED ? stalls : starts)?.toString()) ?? 0,
      sentAt: numberOf(at?.toString()),
      diedAt: numberOf(score),
      body: body ?? undefined,
    };
  }

  return {
    async *list(from, count) {
      const ids = await link.look(({ commands }) => commands.zrevrange(set, from, from + count - 1));
      for (const id of ids) {
        const job = await link.look((linked) => read(linked, id));
        if (job !== undefined) yield job;
      }
    },
    get: (id) => link.look((linked) => read(linked, id)),
    retry: (id) =>
      link.look(async ({ bullmq, commands, queue }) => {
        if ((await commands.zscore(set, id)) === null) return false;
        await commands.ttaRevive(keys.base + id, keys.cancel(id));
        const job = new bullmq.Job(await queue(), 'job', {}, {}, id);
        await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
        return true;
      }),
    drop: (id) =>
      link.look(async ({ commands }) => {
        if ((await commands.zrem(set, id)) === 0) return false;
        await commands.del(keys.base + id);
        return true;
      }),
  };
}
