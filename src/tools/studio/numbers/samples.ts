/** What the scrapes said: kept in memory, and in a database over a restart. */
import { messageOf } from '../../../platform/message-of.ts';
import type { Exposition } from '../../../prometheus/parse.ts';
import type { NumbersAnswer } from '../api.ts';
import type { Database } from '../store/database.ts';
import { answerOf } from './answer.ts';
import { createFrames } from './frames.ts';
import { combineGauges } from './gauges.ts';
import { growthOf, type Known } from './growth.ts';
import { createJournal, NO_JOURNAL } from './journal.ts';
import { type Reading, readExposition } from './reading.ts';
import { createSeriesBook, type SeriesBook } from './series.ts';

export interface SamplesOptions {
  /** @default what is kept is lost with the process */
  readonly database?: Database | undefined;
  /** How long samples are kept, in days. */
  readonly retentionDays: number;
  /** What samples may take, in memory and in the database each. The oldest go first. @default 64 MB */
  readonly maxBytes?: number;
}

export interface Samples {
  /** Takes a scrape of an endpoint that began at a time, in milliseconds since the Unix epoch. */
  take(url: string, exposition: Exposition, atMs: number): Reading;
  /** An endpoint can no longer be read: where its gauges stand is not known. */
  lose(url: string): void;
  /** Removes what is too old or too much. */
  tidy(nowMs: number): void;
  /** @throws QueryError when a parameter is not understood */
  answer(parameters: URLSearchParams, nowMs: number): Omit<NumbersAnswer, 'targets'>;
  /** What the reader should know; empty when all is well. */
  notes(): readonly string[];
}

const DAY_MS = 86_400_000;
/** Two hundred series that grow all the time take a quarter of it. */
const MAX_BYTES = 64 * 1024 * 1024;
/** How many endpoints are known from before, also of programs that have ended. */
const MAX_KNOWN = 100;

export function createSamples({ database, retentionDays, maxBytes = MAX_BYTES }: SamplesOptions): Samples {
  const book = createSeriesBook();
  const opened = openJournal(database, book);
  const { journal, kept } = opened;
  let unwritten = '';
  const frames = createFrames(book, journal, { retentionMs: retentionDays * DAY_MS, maxBytes: maxBytes / 4 });
  frames.restore(kept.frames, kept.gaps);
  const known = new Map<string, Known>(kept.known);
  const gauges = new Map<string, ReadonlyMap<number, number>>();

  /** The samples are in memory first: a full disk or a broken file stops no number. */
  function write(work: () => void): boolean {
    try {
      journal.atOnce(work);
      return true;
    } catch (error) {
      unwritten = inMemory(error);
      return false;
    }
  }

  function gaugesOfAll(): ReadonlyMap<number, number> {
    const all = new Map<number, number>();
    for (const [id, value] of [...gauges.values()].flatMap((of) => [...of])) {
      const other = all.get(id);
      all.set(id, other === undefined ? value : combineGauges(book.get(id)?.metric ?? '')(other, value));
    }
    return all;
  }

  return {
    take(url, exposition, atMs) {
      const reading = readExposition(exposition, book, atMs);
      const result = growthOf(known.get(url), reading);
      known.delete(url);
      known.set(url, result.known);
      gauges.set(url, reading.gauges);
      frames.add(result.growth);
      frames.setGauges(atMs, gaugesOfAll());
      const isWritten = write(() => {
        for (const [id, text] of book.fresh) journal.writeSeries(id, text);
        frames.flush();
        journal.writeKnown(url, result.known);
        const [oldest] = known.keys();
        if (known.size <= MAX_KNOWN || oldest === undefined) return;
        known.delete(oldest);
        journal.removeKnown(oldest);
      });
      if (isWritten) {
        book.fresh.clear();
        frames.flushed();
        unwritten = '';
      }
      return reading;
    },
    lose: (url) => void gauges.delete(url),
    tidy(nowMs) {
      write(() => {
        frames.tidy(nowMs);
        const used = frames.used();
        const gone = [...book.all()].map(({ id }) => id).filter((id) => !used.has(id));
        book.forget(gone);
        journal.removeSeries(gone);
      });
    },
    answer: (parameters, nowMs) => answerOf(frames, book, parameters, nowMs),
    notes: () => [opened.note, unwritten].filter((note) => note !== ''),
  };
}

const inMemory = (error: unknown) => `Numbers are kept in memory only: ${messageOf(error)}`;

/** A file that cannot be read stops nothing either. */
function openJournal(database: Database | undefined, book: SeriesBook) {
  let note = '';
  if (database !== undefined) {
    try {
      const journal = createJournal(database);
      return { journal, kept: journal.load(book), note };
    } catch (error) {
      note = inMemory(error);
    }
  }
  return { journal: NO_JOURNAL, kept: NO_JOURNAL.load(book), note };
}
