/**
 * Which deliveries of a job count as no try. NATS counts all of them, and we those only whose worker began the job and has
 * crashed: not those that were handed back, nor those to a worker that hangs or cannot be reached, which begins nothing. So
 * each start is noted, but for that of the first delivery. The newest note of a job counts.
 */
import type { Link } from './connection.ts';
import type { Layout } from './layout.ts';

export interface Note {
  /** The last delivery that is noted, and how many until it count as no try. */
  readonly at: number;
  readonly free: number;
  /** When the delay ends, in milliseconds since the Unix epoch; 0 where the job was not handed back. */
  readonly until: number;
}

async function read({ manager }: Link, layout: Layout, filter: string): Promise<Note[]> {
  const { state } = await manager.streams.info(layout.notes, { subjects_filter: filter });
  return Object.keys(state.subjects ?? {}).map((subject) => {
    const [at, free, until] = subject.split('.').slice(-3);
    return { at: Number(at), free: Number(free), until: Number(until) };
  });
}

export async function noteOf(link: Link, layout: Layout, id: string): Promise<Note | undefined> {
  const notes = await read(link, layout, layout.note(id, '*', '*', '*'));
  return notes.sort((one, other) => other.at + other.free - one.at - one.free)[0];
}

/** How many deliveries before the one with this number count as no try. */
export function freeBefore(count: number, last: Note | undefined): number {
  if (last !== undefined) return last.free + count - last.at - 1;
  return Math.max(0, count - 2);
}

export async function note({ jetstream, manager }: Link, layout: Layout, id: string, made: Note): Promise<void> {
  const { at, free, until } = made;
  await jetstream.publish(layout.note(id, at, free, Math.ceil(until)));
  if (at + free > 2) await manager.streams.purge(layout.notes, { filter: layout.note(id, '*', '*', '*'), keep: 1 });
}

export async function forgetNotes({ manager }: Link, layout: Layout, id: string): Promise<void> {
  await manager.streams.purge(layout.notes, { filter: layout.note(id, '*', '*', '*') });
}

/** How many jobs are delayed at this time. */
export async function countDelayed(link: Link, layout: Layout, now: number): Promise<number> {
  const notes = await read(link, layout, layout.everyNote);
  return notes.filter(({ until }) => until > now).length;
}
