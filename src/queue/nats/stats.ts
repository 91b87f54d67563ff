import type { QueueStats } from '../job-queue.ts';
import type { Link } from './connection.ts';
import type { Layout } from './layout.ts';
import { countDelayed } from './notes.ts';

/** What a queue holds. `now`: the time of the server, in milliseconds since the Unix epoch. */
export async function readStats(link: Link, layout: Layout, now: number): Promise<QueueStats> {
  const { consumers, streams } = link.manager;
  const [workers, { state: dead }, noted] = await Promise.all([
    consumers.info(layout.jobs, layout.consumer),
    streams.info(layout.dead),
    countDelayed(link, layout, now),
  ]);
  const { num_pending: waiting, num_ack_pending: taken, delivered } = workers;
  const delayed = Math.min(noted, taken);
  return {
    ...{ waiting, delayed, running: taken - delayed, dead: dead.messages },
    oldestMs: waiting === 0 ? undefined : await ageOfFirst(link, layout, delivered.stream_seq, now),
    workers: undefined,
  };
}

/** The age of the first job that no worker has had. */
async function ageOfFirst({ manager }: Link, layout: Layout, after: number, now: number): Promise<number | undefined> {
  const { state } = await manager.streams.info(layout.jobs);
  // Mostly the first job of the stream is the one, and its time is known.
  if (state.messages === 0) return undefined;
  if (state.first_seq > after) return Math.max(0, now - Date.parse(state.first_ts));
  const query = { seq: after + 1, next_by_subj: layout.everyJob } as { seq: number };
  const message = await manager.streams.getMessage(layout.jobs, query);
  return message === null ? undefined : Math.max(0, now - message.time.getTime());
}
