import type { Link } from './connection.ts';
import type { Layout } from './layout.ts';

/** From so many subjects on, all are asked for at once. */
const MANY = 16;

/**
 * The jobs that the server has no more, and no reply to them either. A worker's reply is kept before its job is removed.
 * So where first the job is not there, and then no reply, the job is lost, or its reply was taken in between.
 */
export async function lostAmong(link: Link, layout: Layout, inbox: string, ids: string[]): Promise<string[]> {
  const gone = await absent(link, layout.jobs, ids, layout.job, layout.everyJob);
  if (gone.length === 0) return [];
  return absent(link, layout.replies, gone, (id) => layout.reply(inbox, id), layout.everyReply(inbox));
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
