/** The list of dead jobs: a stream of its own. */
import type { DeadJob, DeadJobs, QueuedJob } from '../job-queue.ts';
import type { Connection, Link } from './connection.ts';
import { HEADER, headerOf, numberOf, textOf } from './delivery.ts';
import { isMissing } from './errors.ts';
import { idOf, type Layout } from './layout.ts';
import type { StoredMsg } from './packages.ts';

export interface Burial {
  readonly job: QueuedJob;
  readonly why: string;
  readonly deliveries: number;
  readonly sentAt: number;
}

/** Keeps a dead job, which is not removed from the queue yet. */
export async function bury(
  connection: Connection,
  layout: Layout,
  { job, why, deliveries, sentAt }: Burial,
): Promise<void> {
  await connection.call(async ({ jetstream, headers }) => {
    const facts = headers();
    facts.set(HEADER.why, headerOf(why));
    facts.set(HEADER.deliveries, `${deliveries}`);
    facts.set(HEADER.sentAt, `${sentAt}`);
    if (job.replyTo !== '') facts.set(HEADER.replyTo, job.replyTo);
    if (job.expiresInMs !== undefined) facts.set(HEADER.expiresInMs, `${job.expiresInMs}`);
    await jetstream.publish(layout.deadJob(job.id), job.body, { headers: facts });
  });
}

/** @param resend puts a job into the queue anew; `mark` differs from that of each earlier time */
export function deadJobs(
  connection: Connection,
  layout: Layout,
  resend: (job: QueuedJob, mark: string) => Promise<void>,
): DeadJobs {
  const find = ({ manager }: Link, id: string) =>
    ifThere(manager.streams.getMessage(layout.dead, { last_by_subj: layout.deadJob(id) }));

  /** The sequence numbers of the jobs, the newest first. */
  async function sequences(): Promise<number[]> {
    const { state } = await connection.call(({ manager }) =>
      manager.streams.info(layout.dead, { deleted_details: true }),
    );
    if (state.messages === 0) return [];
    const removed = new Set(state.deleted ?? []);
    const found: number[] = [];
    for (let at = state.last_seq; at >= state.first_seq; at--) if (!removed.has(at)) found.push(at);
    return found;
  }

  return {
    async *list(from, count) {
      for (const seq of (await sequences()).slice(from, from + count)) {
        const message = await connection.call(({ manager }) =>
          ifThere(manager.streams.getMessage(layout.dead, { seq })),
        );
        if (message) yield deadJobOf(message);
      }
    },
    async get(id) {
      const message = await connection.call((link) => find(link, id));
      return message && deadJobOf(message);
    },
    async retry(id) {
      const message = await connection.call((link) => find(link, id));
      if (message === undefined) return false;
      const { header, data, seq } = message;
      const replyTo = header.get(HEADER.replyTo);
      await resend({ id, replyTo, body: data, expiresInMs: numberOf(header.get(HEADER.expiresInMs)) }, `${seq}`);
      return (
        (await connection.call(({ manager }) => ifThere(manager.streams.deleteMessage(layout.dead, seq)))) === true
      );
    },
    async drop(id) {
      const { purged } = await connection.call(({ manager }) =>
        manager.streams.purge(layout.dead, { filter: layout.deadJob(id) }),
      );
      return purged > 0;
    },
  };
}

function deadJobOf({ subject, header, time, data }: StoredMsg): DeadJob {
  return {
    id: idOf(subject.slice(subject.lastIndexOf('.') + 1)),
    why: textOf(header.get(HEADER.why)),
    deliveries: numberOf(header.get(HEADER.deliveries)) ?? 0,
    sentAt: numberOf(header.get(HEADER.sentAt)),
    diedAt: time.getTime(),
    body: data,
  };
}

/** `undefined` for a message that is not there. */
async function ifThere<T>(found: Promise<T | null>): Promise<T | undefined> {
  try {
    return (await found) ?? undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
