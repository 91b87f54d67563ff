/** Where samples are kept over a restart: tables in the database of the runs. */
import type { Database, SqlValue } from '../store/database.ts';
import type { Frame, FrameJournal, Gap, Samples } from './frames.ts';
import type { Known } from './growth.ts';
import type { SeriesBook } from './series.ts';

const TABLES = `
create table if not exists number_series(id integer primary key, text text not null) strict;
create table if not exists number_frame(
  length_ms integer not null, at_ms integer not null, covered_ms integer not null, samples blob not null,
  primary key(length_ms, at_ms)) strict;
create table if not exists number_gap(at_ms integer not null, since_ms integer not null, samples blob not null) strict;
create table if not exists number_target(url text primary key, at_ms integer not null, start_ms integer, samples blob not null) strict;
`;

export interface Journal extends FrameJournal {
  /** What was kept, into the book; the rest is returned. */
  load(book: SeriesBook): {
    readonly frames: readonly Frame[];
    readonly gaps: readonly Gap[];
    readonly known: ReadonlyMap<string, Known>;
  };
  writeKnown(url: string, known: Known): void;
  removeKnown(url: string): void;
  writeSeries(id: number, text: string): void;
  removeSeries(ids: Iterable<number>): void;
  /** Runs `work`, which writes, in one transaction. */
  atOnce(work: () => void): void;
}

export const NO_JOURNAL: Journal = {
  load: () => ({ frames: [], gaps: [], known: new Map() }),
  writeFrame() {},
  writeGap() {},
  writeKnown() {},
  removeKnown() {},
  writeSeries() {},
  removeSeries() {},
  remove() {},
  atOnce: (work) => work(),
};

export function createJournal(database: Database): Journal {
  database.exec(TABLES);
  const put = {
    series: database.prepare('insert or replace into number_series values(?, ?)'),
    frame: database.prepare('insert or replace into number_frame values(?, ?, ?, ?)'),
    gap: database.prepare('insert into number_gap values(?, ?, ?)'),
    target: database.prepare('insert or replace into number_target values(?, ?, ?, ?)'),
  };
  const removed = {
    series: database.prepare('delete from number_series where id = ?'),
    frames: database.prepare('delete from number_frame where length_ms = ? and at_ms < ?'),
    target: database.prepare('delete from number_target where url = ?'),
    gaps: database.prepare('delete from number_gap where at_ms < ?'),
  };
  const all = (table: string) => database.prepare(`select * from ${table}`).all();

  return {
    load(book) {
      for (const { id, text } of all('number_series')) book.restore(Number(id), String(text));
      const frames = all('number_frame').map((row) => ({
        lengthMs: Number(row.length_ms),
        atMs: Number(row.at_ms),
        coveredMs: Number(row.covered_ms),
        samples: unpack(row.samples),
      }));
      const gaps = all('number_gap').map((row) => ({
        atMs: Number(row.at_ms),
        sinceMs: Number(row.since_ms),
        samples: unpack(row.samples),
      }));
      const known = all('number_target').map(({ url, at_ms, start_ms, samples }): [string, Known] => {
        const { ids, values } = unpack(samples);
        const startMs = start_ms === null ? null : Number(start_ms);
        return [
          String(url),
          { atMs: Number(at_ms), startMs, values: new Map(Array.from(ids, (id, index) => [id, values[index] ?? 0])) },
        ];
      });
      return { frames, gaps, known: new Map(known) };
    },
    writeFrame: ({ lengthMs, atMs, coveredMs, samples }) =>
      void put.frame.run(lengthMs, atMs, coveredMs, pack(samples)),
    writeGap: ({ atMs, sinceMs, samples }) => void put.gap.run(Math.round(atMs), Math.round(sinceMs), pack(samples)),
    writeKnown(url, { atMs, startMs, values }) {
      const samples = { ids: Uint32Array.from(values.keys()), values: Float64Array.from(values.values()) };
      put.target.run(url, Math.round(atMs), startMs === null ? null : Math.round(startMs), pack(samples));
    },
    removeKnown: (url) => void removed.target.run(url),
    writeSeries: (id, text) => void put.series.run(id, text),
    removeSeries(ids) {
      for (const id of ids) removed.series.run(id);
    },
    remove(lengthMs, beforeMs) {
      if (lengthMs === 0) removed.gaps.run(Math.round(beforeMs));
      else removed.frames.run(lengthMs, beforeMs);
    },
    atOnce: (work) => database.transaction(work),
  };
}

/** The values first: they must begin at a multiple of eight bytes. */
function pack({ ids, values }: Samples): Uint8Array {
  const bytes = new Uint8Array(values.byteLength + ids.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  bytes.set(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength), values.byteLength);
  return bytes;
}

function unpack(blob: SqlValue | undefined): Samples {
  const bytes = blob instanceof Uint8Array ? Uint8Array.from(blob) : new Uint8Array();
  const count = Math.floor(bytes.length / 12);
  return { values: new Float64Array(bytes.buffer, 0, count), ids: new Uint32Array(bytes.buffer, 8 * count, count) };
}
