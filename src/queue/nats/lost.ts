import type { Link } from './connection.ts';
import { isGone, isTimeout } from './errors.ts';
import type { Layout } from './layout.ts';

/** From so many subjects on, all are asked for at once. */
const MANY = 16;

/** How long a worker may take to say that it runs a job, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * The jobs that the server has no more, that no worker runs, and no reply to them either. A worker's reply is kept before
 * its job is removed. So where first the job is not there, and then no reply, the job is lost, or its reply was taken in
 * between.
 */
export async function lostAmong(link: Link, layout: Layout, inbox: string, ids: string[]): Promise<string[]> {
  const gone = await absent(link, layout.jobs, ids, layout.job, layout.everyJob);
  const run = await Promise.all(gone.map((id) => isRun(link, layout, id)));
  const idle = gone.filter((_, at) => !run[at]);
  if (idle.length === 0) return [];
  return absent(link, layout.replies, idle, (id) => layout.reply(inbox, id), layout.everyReply(inbox));
}

/** A server that has restarted without its jobs has no trace of one that a worker runs still, and will answer. */
async function isRun({ nats }: Link, layout: Layout, id: string): Promise<boolean> {
  try {
    await nats.request(layout.ask(id), '', { timeout: ANSWER_MS });
    return true;
  } catch (error) {
    // A worker has the job, and is too busy to answer.
    if (isTimeout(error)) return true;
    if (isGone(error)) return false;
    throw error;
  }
}

async function absent(
  { manager }: Link,
  stream: string,
  ids: string[],
  subjectOf: (id: string) => string,
  every: string,
): Promise<string[]> {
  const filters = ids.length < MANY ? ids.map(subjectOf) : [every];
  const there = new Set<string>();
  for (const filter of filters) {
    const { state } = await manager.streams.info(stream, { subjects_filter: filter });
    for (const subject of Object.keys(state.subjects ?? {})) there.add(subject);
  }
  return ids.filter((id) => !there.has(subjectOf(id)));
}
