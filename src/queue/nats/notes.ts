/**
 * How often jobs were handed back. NATS counts each delivery, and we those only whose worker has crashed: the others are
 * noted. The newest note of a job counts.
 */
import type { Connection, Link } from './connection.ts';
import type { Layout } from './layout.ts';

export interface Note {
  readonly count: number;
  /** When the delay ends, in milliseconds since the Unix epoch. */
  readonly until: number;
}

const NONE: Note = { count: 0, until: 0 };

async function read({ manager }: Link, layout: Layout, filter: string): Promise<Note[]> {
  const { state } = await manager.streams.info(layout.notes, { subjects_filter: filter });
  return Object.keys(state.subjects ?? {}).map((subject) => {
    const [count, until] = subject.split('.').slice(-2);
    return { count: Number(count), until: Number(until) };
  });
}

export async function noteOf(link: Link, layout: Layout, id: string): Promise<Note> {
  const notes = await read(link, layout, layout.note(id, '*', '*'));
  return notes.reduce((newest, note) => (note.count > newest.count ? note : newest), NONE);
}

export async function note(connection: Connection, layout: Layout, id: string, { count, until }: Note): Promise<void> {
  await connection.call(async ({ jetstream, manager }) => {
    await jetstream.publish(layout.note(id, count, Math.ceil(until)));
    if (count > 1) await manager.streams.purge(layout.notes, { filter: layout.note(id, '*', '*'), keep: 1 });
  });
}

export async function forgetNotes({ manager }: Link, layout: Layout, id: string): Promise<void> {
  await manager.streams.purge(layout.notes, { filter: layout.note(id, '*', '*') });
}

/** How many jobs are delayed at this time. */
export async function countDelayed(link: Link, layout: Layout, now: number): Promise<number> {
  const notes = await read(link, layout, layout.everyNote);
  return notes.filter(({ until }) => until > now).length;
}
